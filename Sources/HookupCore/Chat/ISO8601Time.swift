/// Points in time as ISO 8601 text in UTC with milliseconds: `2026-05-17T08:03:09.042Z`.
///
/// The proleptic Gregorian calendar without leap seconds, as Unix time counts. Years 0000 to 9999.
public enum ISO8601Time {
  private static let millisecondsPerDay: Int64 = 86_400_000
  /// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z in milliseconds since 1970.
  static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

  /// Renders milliseconds since 1970-01-01T00:00:00Z; beyond the years 0000 to 9999 the nearest end of the range.
  public static func text(milliseconds: Int64) -> String {
    let clamped = min(max(milliseconds, range.lowerBound), range.upperBound)
    var days = clamped / millisecondsPerDay
    var rest = clamped % millisecondsPerDay
    if rest < 0 {
      days -= 1
      rest += millisecondsPerDay
    }
    let (year, month, day) = civilDate(daysSince1970: days)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let seconds = rest / 1_000
    let time =
      "\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
    return "\(date)T\(time).\(padded(rest % 1_000, 3))Z"
  }

  /// Reads `YYYY-MM-DDThh:mm:ss[.f…]Z` as milliseconds since 1970; digits after the third are cut off. Nil for anything
  /// else: an offset other than `Z`, a date that does not exist, second 60.
  public static func milliseconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8.prefix(40))
    guard bytes.count == text.utf8.count, bytes.count >= 20, bytes.last == UInt8(ascii: "Z"),
      separatorsHold(bytes),
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
      let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]),
      let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
      let fraction = milliseconds(fraction: bytes[19..<(bytes.count - 1)]),
      (1...12).contains(month), (1...daysInMonth(year, month)).contains(day),
      hour < 24, minute < 60, second < 60
    else { return nil }
    let days = daysSince1970(year: year, month: month, day: day)
    return days * millisecondsPerDay + ((hour * 60 + minute) * 60 + second) * 1_000 + fraction
  }

  private static func separatorsHold(_ bytes: [UInt8]) -> Bool {
    bytes[4] == UInt8(ascii: "-") && bytes[7] == UInt8(ascii: "-")
      && bytes[10] == UInt8(ascii: "T") && bytes[13] == UInt8(ascii: ":")
      && bytes[16] == UInt8(ascii: ":")
  }

  /// The milliseconds of nothing or of `.` and at least one digit.
  private static func milliseconds(fraction bytes: ArraySlice<UInt8>) -> Int64? {
    guard let point = bytes.first else { return 0 }
    let digits = bytes.dropFirst()
    guard point == UInt8(ascii: "."), !digits.isEmpty, digits.allSatisfy(isDigit) else {
      return nil
    }
    let three = Array(digits.prefix(3)) + Array(repeating: UInt8(ascii: "0"), count: 3)
    return number(three[0..<3])
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard digits.allSatisfy(isDigit) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 0000-03-01: years that begin in March put the leap day last, and 400 of them have 146,097 days.
  private static let marchEpoch: Int64 = 719_468

  private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
    let marchYear = month <= 2 ? year - 1 : year
    let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - marchEpoch
  }

  private static func civilDate(daysSince1970 days: Int64) -> (Int64, Int64, Int64) {
    let shifted = days + marchEpoch
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}

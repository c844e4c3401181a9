/// Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7).
package enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Years 1970 to 9999; what lies outside is clamped.
  package static func format(secondsSince1970 seconds: Int64) -> String {
    let seconds = min(max(0, seconds), 253_402_300_799)
    let day = seconds / 86_400
    let second = seconds % 86_400
    let (year, month, dayOfMonth) = civil(daysSince1970: day)
    return
      "\(days[Int(day % 7)]), \(padded(dayOfMonth)) \(months[month - 1]) \(padded(year, to: 4)) "
      + "\(padded(Int(second / 3_600))):\(padded(Int(second / 60 % 60))):\(padded(Int(second % 60))) GMT"
  }

  /// Nil for anything but an IMF-fixdate; the two obsolete forms of RFC 9110 are taken for no date, which costs
  /// their senders a download and nothing else.
  package static func parse(_ text: String) -> Int64? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].utf8.count == 4, parts[5] == "GMT",
      let day = number(parts[1], digits: 2), let year = number(parts[3], digits: 4)
    else { return nil }
    return seconds(year: year, month: parts[2], day: day, clock: parts[4])
  }

  /// All three forms, the obsolete ones too: `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`.
  ///
  /// - Parameter now: by which two digits of a year are understood: what would lie more than 50 years ahead is the
  ///   century before. Seconds since 1970.
  package static func parse(_ text: String, now: Int64) -> Int64? {
    if let known = parse(text) { return known }
    let parts = text.split(separator: " ", omittingEmptySubsequences: true)
    if parts.count == 5, parts[0].utf8.count == 3, let year = number(parts[4], digits: 4),
      let day = number(parts[2], digits: parts[2].utf8.count == 1 ? 1 : 2)
    {
      return seconds(year: year, month: parts[1], day: day, clock: parts[3])
    }
    let date = parts.count == 4 ? parts[1].split(separator: "-") : []
    guard date.count == 3, parts[0].hasSuffix(","), parts[3] == "GMT",
      let day = number(date[0], digits: 2), let digits = number(date[2], digits: 2)
    else { return nil }
    let thisYear = civil(daysSince1970: min(max(now, 0), 253_402_300_799) / 86_400).year
    var year = thisYear - thisYear % 100 + digits
    if year > thisYear + 50 { year -= 100 }
    return seconds(year: year, month: date[1], day: day, clock: parts[2])
  }

  private static func seconds(
    year: Int, month: Substring, day: Int, clock: Substring
  ) -> Int64? {
    guard let month = months.firstIndex(of: String(month)), (1...31).contains(day), year >= 1970
    else { return nil }
    let clock = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard clock.count == 3, let hour = number(clock[0], digits: 2), hour < 24,
      let minute = number(clock[1], digits: 2), minute < 60,
      let second = number(clock[2], digits: 2), second <= 60
    else { return nil }
    let days = daysSince1970(year: year, month: month + 1, day: day)
    return days * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
  }

  private static func number(_ text: Substring, digits: Int) -> Int? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }

  private static func padded(_ number: Int, to width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  // Both ways count years from the first of March, so that the leap day is a year's last.

  private static func civil(daysSince1970: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = daysSince1970 + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), Int(month), Int(day))
  }

  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year % 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return Int64(era * 146_097 + dayOfEra - 719_468)
  }
}

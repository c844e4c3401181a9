import HookupCore

/// Numbers as a person reads them, in few cells.
enum NumberText {
  /// An age or a length of time: `0.31s`, `5.2s`, `41s`, `12m`, `3h`, `8d`.
  static func age(_ duration: Duration, decimals: Int = 1) -> String {
    let milliseconds = max(0, duration.wholeMilliseconds)
    switch milliseconds {
    case ..<10_000:
      let unit: Int64 = decimals == 2 ? 10 : 100
      return fraction(milliseconds / unit, digits: decimals == 2 ? 2 : 1) + "s"
    case ..<100_000: return "\(milliseconds / 1000)s"
    case ..<6_000_000: return "\(milliseconds / 60_000)m"
    case ..<172_800_000: return "\(milliseconds / 3_600_000)h"
    default: return "\(milliseconds / 86_400_000)d"
    }
  }

  /// How long until something happens, rounded up so that it reaches zero when it does: `3.2s`, `12s`, `now`.
  static func countdown(_ duration: Duration) -> String {
    let milliseconds = duration.wholeMilliseconds
    if milliseconds <= 0 { return "now" }
    if milliseconds <= 10_000 { return fraction((milliseconds + 99) / 100, digits: 1) + "s" }
    if milliseconds < 600_000 { return "\((milliseconds + 999) / 1000)s" }
    return "\((milliseconds + 59_999) / 60_000)m"
  }

  /// A round trip: `0.4ms`, `42ms`, `1.3s`.
  static func roundTrip(_ duration: Duration) -> String {
    let microseconds = max(0, duration.wholeNanoseconds / 1000)
    switch microseconds {
    case ..<10_000: return fraction(microseconds / 100, digits: 1) + "ms"
    case ..<1_000_000: return "\(microseconds / 1000)ms"
    default: return age(duration)
    }
  }

  /// `00:14:22`, and `3d 04:11` from a day on.
  static func uptime(_ duration: Duration) -> String {
    let seconds = max(0, duration.wholeMilliseconds / 1000)
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60)
    if days > 0 { return "\(days)d \(two(hours)):\(two(minutes))" }
    return "\(two(hours)):\(two(minutes)):\(two(seconds % 60))"
  }

  /// `212 B`, `3.1 kB`, `64 MB`: in thousands.
  static func bytes(_ count: Int) -> String {
    let count = max(0, count)
    if count < 1000 { return "\(count) B" }
    var (value, unit) = (Int64(count), 0)
    while value >= 1_000_000, unit < 4 {
      value /= 1000
      unit += 1
    }
    let name = ["kB", "MB", "GB", "TB", "PB"][unit]
    return value < 10_000
      ? "\(fraction(value / 100, digits: 1)) \(name)" : "\(value / 1000) \(name)"
  }

  /// Unread messages: at most three cells.
  static func unread(_ count: Int) -> String { count > 99 ? "99+" : "\(count)" }

  static func percent(_ part: Int, of whole: Int) -> Int {
    guard whole > 0 else { return 0 }
    let (part, whole) = (max(0, part), whole)
    return Int(min(100, Double(part) / Double(whole) * 100))
  }

  /// `HH:MM`.
  static func clock(_ milliseconds: Int64, _ utcOffsetSeconds: Int) -> String {
    let second = secondOfDay(milliseconds, utcOffsetSeconds)
    return two(second / 3600) + ":" + two(second / 60 % 60)
  }

  /// Days since 1970-01-01, local time.
  static func day(_ milliseconds: Int64, _ utcOffsetSeconds: Int) -> Int64 {
    floorDivide(seconds(milliseconds, utcOffsetSeconds), 86_400)
  }

  /// `Mon 23 Nov 2026` of a day since 1970-01-01 in the Gregorian calendar.
  static func date(day: Int64) -> String {
    let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    // Years are counted from 1 March, so that the leap day comes last; eras are 400 years of 146,097 days.
    let shifted = day + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    let weekday = Int(day - floorDivide(day, 7) * 7)
    return "\(names[weekday]) \(dayOfMonth) \(months[Int((month + 2) % 12)]) \(year)"
  }

  private static func seconds(_ milliseconds: Int64, _ utcOffsetSeconds: Int) -> Int64 {
    floorDivide(milliseconds, 1000) + Int64(min(max(utcOffsetSeconds, -86_400), 86_400))
  }

  private static func secondOfDay(_ milliseconds: Int64, _ utcOffsetSeconds: Int) -> Int64 {
    let seconds = seconds(milliseconds, utcOffsetSeconds)
    return seconds - floorDivide(seconds, 86_400) * 86_400
  }

  private static func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
    let quotient = value / by
    return value % by < 0 ? quotient - 1 : quotient
  }

  /// `units` of a tenth (1 digit) or a hundredth (2 digits) as a decimal fraction.
  private static func fraction(_ units: Int64, digits: Int) -> String {
    digits == 2 ? "\(units / 100).\(two(units % 100))" : "\(units / 10).\(units % 10)"
  }

  private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

extension String {
  /// Right-aligned; for text of one cell a character.
  func leftPadded(to width: Int) -> String {
    count >= width ? self : String(repeating: " ", count: width - count) + self
  }

  func rightPadded(to width: Int) -> String {
    count >= width ? self : self + String(repeating: " ", count: width - count)
  }
}

import ArgumentParser

/// A time on the command line: `500ms`, `5s`, `2m`, or a bare number of seconds; up to a day.
struct DurationArgument: ExpressibleByArgument, Hashable, CustomStringConvertible {
  let duration: Duration

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let units = ["ms": 0.001, "": 1, "s": 1, "m": 60]
    guard let number = Double(digits), let unit = units[String(argument.dropFirst(digits.count))],
      case let seconds = number * unit, seconds <= 86_400
    else { return nil }
    duration = .milliseconds(Int64(seconds * 1_000))
  }

  init(_ duration: Duration) { self.duration = duration }

  var description: String { "\(duration)" }
  var defaultValueDescription: String { "\(Double(duration / .milliseconds(1)) / 1_000)s" }
}

import ArgumentParser

/// A time on the command line: `500ms`, `5s`, `2m`, `1h`, or a bare number of seconds. Up to 1,000 days.
struct DurationOption: ExpressibleByArgument, Hashable {
  let duration: Duration

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits), number >= 0 else { return nil }
    let unit: Double
    switch argument.dropFirst(digits.count) {
    case "ms": unit = 0.001
    case "", "s": unit = 1
    case "m": unit = 60
    case "h": unit = 3600
    default: return nil
    }
    let seconds = number * unit
    guard seconds <= 86_400_000 else { return nil }
    duration = .milliseconds(Int64(seconds * 1_000))
  }

  init(seconds: Int64) { duration = .seconds(seconds) }

  var defaultValueDescription: String { "\(duration.components.seconds)s" }
}

/// `--wait` may stand alone, which the argument parser does not know: alone, it means `--wait=60s`.
enum WaitOption {
  static func spelledOut(_ arguments: [String]) -> [String] {
    var spelled: [String] = []
    for (index, argument) in arguments.enumerated() {
      if argument == "--" { return spelled + arguments[index...] }
      let next: String? = index + 1 < arguments.count ? arguments[index + 1] : nil
      let hasValue = next.flatMap(DurationOption.init(argument:)) != nil
      spelled.append(argument == "--wait" && !hasValue ? "--wait=60s" : argument)
    }
    return spelled
  }
}

import HookupEngine
import Logging
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a line of the log is written.
enum LogFormat: String, Sendable {
  case text, json
}

/// The log on standard error: one line each, at a level that may change while the server runs.
struct LogOutput: LogHandler {
  /// Of all loggers of this program.
  static let level = LogLevelCell()

  let label: String
  let format: LogFormat
  var metadata: Logger.Metadata = [:]

  var logLevel: Logger.Level {
    get { Self.level.value }
    set {}
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let fields = all.map { ($0.key, "\($0.value)") }
    let time = ISO8601Time.text(milliseconds: ChatServerConfiguration.systemClock())
    let line =
      switch format {
      case .json:
        JSONLine.text(
          [
            ("time", time), ("level", event.level.rawValue), ("label", label),
            ("message", "\(event.message)"),
          ], fields)
      case .text:
        "\(time) \(event.level.rawValue) \(label): "
          + fields.map { "\($0.0)=\($0.1) " }.joined() + "\(event.message)"
      }
    StandardStreams.say(format == .json ? line : LogText.plain(line), to: STDERR_FILENO)
  }
}

/// A level that all loggers share.
final class LogLevelCell: Sendable {
  private let level = Mutex(Logger.Level.info)
  var value: Logger.Level { level.withLock { $0 } }
  func set(_ value: Logger.Level) { level.withLock { $0 = value } }
}

/// One line of JSON, fit for a terminal too.
enum JSONLine {
  /// `fields` go into an object of their own, so that none passes for another.
  static func text(_ members: [(String, String)], _ fields: [(String, String)]) -> String {
    var object = members.map { JSONObject.Member($0.0, .string($0.1)) }
    if !fields.isEmpty {
      let inner = fields.map { JSONObject.Member($0.0, .string($0.1)) }
      object.append(JSONObject.Member("fields", .object(JSONObject(inner))))
    }
    return LogText.escapedJSON((try? JSONText(.object(JSONObject(object))).text) ?? "{}")
  }
}

/// What is fit for a log that somebody will look at in a terminal.
enum LogText {
  /// Control characters, line breaks among them, as escapes: nobody forges a line.
  static func plain(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return text.unicodeScalars.reduce(into: "") { plain, scalar in
      if isControl(scalar) {
        plain += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        plain.unicodeScalars.append(scalar)
      }
    }
  }

  /// The same for a line of JSON: what is not plain can only be inside its strings, where it becomes JSON's own escapes, two of them
  /// beyond the first plane (RFC 8259 §7).
  static func escapedJSON(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: isControl) else { return json }
    return json.unicodeScalars.reduce(into: "") { escaped, scalar in
      guard isControl(scalar) else { return escaped.unicodeScalars.append(scalar) }
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .format: true
    default: false
    }
  }
}

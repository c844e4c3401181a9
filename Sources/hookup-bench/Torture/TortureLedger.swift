import HookupCore
import HookupEngine

/// Reads what the chat's programs printed, up to the moment of their death.
enum TortureLedger {
  /// Whole lines; what comes behind the last line feed was never said.
  static func lines(_ text: String) -> [Substring] {
    guard let end = text.utf8.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    return text[..<end].split(separator: "\n")
  }

  /// Takes one life of `hookup-chat send` into what is known of its sender.
  /// - Parameters:
  ///   - first: the number of the line that it was given first.
  ///   - ids: which line each message id is; what this life prints of them is added. Later lives print the same ids.
  static func read(
    _ output: String, first: Int, ids: inout [String: Int],
    into sender: inout TortureEvidence.Sender
  ) {
    for line in lines(output) {
      guard let change = try? JSONValue(parsing: String(line)), let id = change["id"]?.stringValue,
        let state = change["state"]?.stringValue
      else { continue }
      if let line = change["line"]?.int64Value { ids[id] = first + Int(line) - 1 }
      guard let number = ids[id] else { continue }
      if state == "failed" {
        sender.failed.insert(number)
        continue
      }
      sender.confirmed.insert(number)
      if let offset = change["offset"]?.int64Value { sender.offsets[number] = UInt64(offset) }
    }
  }

  /// The entries that `hookup-chat tail --json` printed.
  static func entries(_ output: String) -> [TortureEvidence.Entry] {
    lines(output).compactMap { line in
      guard let entry = try? JSONValue(parsing: String(line)),
        let offset = entry["offset"]?.int64Value, offset > 0, let id = entry["id"]?.stringValue,
        let text = entry["text"]?.stringValue
      else { return nil }
      return TortureEvidence.Entry(offset: UInt64(offset), id: id, text: text)
    }
  }

  /// The ranges that `hookup-chat tail` said are gone: `… no longer keeps 3 to 9`.
  static func gaps(_ errors: String) -> [ClosedRange<UInt64>] {
    lines(errors).compactMap { line in
      guard let range = line.firstRange(of: " no longer keeps ") else { return nil }
      let words = line[range.upperBound...].split(separator: " ")
      guard words.count == 3, words[1] == "to", let from = UInt64(words[0]),
        let to = UInt64(words[2]), from <= to
      else { return nil }
      return from...to
    }
  }
}

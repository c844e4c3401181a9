import HookupTUI

/// Text from the network in a form that a terminal cannot obey.
enum Printable {
  static func text(_ text: String) -> String { Sanitizer.clean(text, limit: 64 << 10) }

  /// The same JSON with control characters, invisible ones and those that turn the writing direction as escapes: programs read
  /// what they read before, and a person who looks at it sees what is there.
  static func json(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: needsEscape) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      guard needsEscape(scalar) else {
        escaped.unicodeScalars.append(scalar)
        continue
      }
      // JSON has these characters in strings only.
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return escaped
  }

  private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value >= 0x7F else { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }
}

import HookupCore

/// Text as the man page formatters read it: whatever it holds, it stays text and orders nothing.
enum RoffText {
  /// Lines of running text. Each line of `text` becomes one, empty ones a paragraph break.
  static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let trimmed = line.drop { $0 == " " }
      return trimmed.isEmpty ? ".Pp" : escaped(trimmed)
    }
  }

  /// An argument of a macro. A short word could be a macro's name itself, so each is marked as text.
  static func argument(_ text: String) -> String {
    text.split(separator: " ").map { "\\&" + escaped($0).replacing("\"", with: "\\(dq") }
      .joined(separator: " ")
  }

  /// A point at the beginning of a line would be an order, and so would an apostrophe.
  private static func escaped(_ text: Substring) -> String {
    var result = text.first == "." ? "\\&" : ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      // These would come out as typographic signs, which nobody can type or copy into a shell.
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case " "..."~": result.unicodeScalars.append(scalar)
      default:
        // No control characters; the rest by number, which needs no encoding of the page.
        guard scalar.value >= 0xA0 else { continue }
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
      }
    }
    return result
  }
}

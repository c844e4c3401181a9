import HookupCore

/// Themes as files: a line for each role, `role = [colour] [on colour] [bold] [dim] [underline] [reverse]`.
///
/// A colour is a number of the 256-colour palette, one of the eight names `black` … `white`, the same with `bright-` in
/// front, or `default`. `#` begins a comment. Roles that are not named are plain.
extension Theme {
  /// Bytes of a theme file; a longer one is refused.
  public static let maximumFileBytes = 64 << 10

  /// Reads a theme.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the line, the word and what would be understood.
  public init(text: String, name: String) throws(HookupError) {
    var paints: [CellStyle.Role: Paint] = [:]
    var bar = Paint()
    guard text.utf8.count <= Self.maximumFileBytes else {
      throw HookupError(
        .invalidArgument,
        "the theme '\(name)' is longer than \(Self.maximumFileBytes) bytes: that is no theme")
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let content = line.prefix { $0 != "#" }.filter { $0 != "\t" }
      guard content.contains(where: { $0 != " " }) else { continue }
      let parts = content.split(separator: "=", maxSplits: 1).map(Self.trimmed)
      do throws(ThemeFault) {
        guard parts.count == 2 else { throw ThemeFault("'role = colour' is expected") }
        let paint = try Paint(theme: parts[1])
        if parts[0] == "bar" {
          bar = paint
        } else if let role = CellStyle.Role(name: parts[0]) {
          paints[role] = paint
        } else {
          let known = CellStyle.Role.allCases.map(\.name).joined(separator: ", ")
          throw ThemeFault("there is no role '\(parts[0].prefix(40))'; there are bar, \(known)")
        }
      } catch {
        throw HookupError(
          .invalidArgument,
          "the theme '\(name)', line \(index + 1): \(Sanitizer.clean(error.sentence))")
      }
    }
    self.init(paints: paints, bar: bar)
  }

  /// The theme as such a file.
  public var text: String {
    var lines = CellStyle.Role.allCases.map { role in
      "\(role.name) = \(paints[Int(role.rawValue)].text)"
    }
    lines.append("bar = \(bar.text)")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func trimmed(_ text: Substring) -> String {
    text.split(separator: " ").joined(separator: " ")
  }
}

struct ThemeFault: Error {
  var sentence: String
  init(_ sentence: String) { self.sentence = sentence }
}

extension CellStyle.Role {
  var name: String { "\(self)" }

  init?(name: String) {
    guard let role = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = role
  }
}

extension Theme.Paint {
  /// `203 on 16 bold`.
  init(theme text: String) throws(ThemeFault) {
    self.init()
    var isGround = false
    for word in text.split(separator: " ") {
      switch word {
      case "on": isGround = true
      case "bold": bold = true
      case "dim": dim = true
      case "underline": underline = true
      case "reverse": reverse = true
      default:
        let colour = try Self.colour(String(word))
        if isGround { background = colour } else { foreground = colour }
        isGround = false
      }
    }
    guard !isGround else { throw ThemeFault("a colour is missing behind 'on'") }
  }

  var text: String {
    var words = foreground.map { ["\($0)"] } ?? []
    if let background { words += ["on", "\(background)"] }
    if bold { words.append("bold") }
    if dim { words.append("dim") }
    if underline { words.append("underline") }
    if reverse { words.append("reverse") }
    return words.isEmpty ? "default" : words.joined(separator: " ")
  }

  private static let names = [
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
  ]

  private static func colour(_ word: String) throws(ThemeFault) -> UInt8? {
    if word == "default" { return nil }
    if let number = UInt8(word) { return number }
    let isBright = word.hasPrefix("bright-")
    let name = isBright ? String(word.dropFirst("bright-".count)) : word
    guard let index = names.firstIndex(of: name) else {
      throw ThemeFault(
        "'\(word.prefix(40))' is no colour: 0 to 255, default, \(names.joined(separator: ", ")), or bright- before one"
      )
    }
    return UInt8(index + (isBright ? 8 : 0))
  }
}

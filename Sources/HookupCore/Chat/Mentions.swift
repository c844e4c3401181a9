/// Who is named in a text: `@alice` with nothing before it that could be part of an address.
public enum Mentions {
  /// How many persons one text names at most; more are text.
  public static let maximum = 16
  /// How far into a text names are looked for, bytes.
  static let searchedBytes = 4_096

  /// The nicks after an `@`, each once, in their order. Whether there are such persons is not known here.
  public static func candidates(in text: String) -> [Nick] {
    guard text.utf8.contains(UInt8(ascii: "@")) else { return [] }
    var found: [Nick] = []
    var seen: Set<String> = []
    var name: String.UnicodeScalarView?
    var before: Unicode.Scalar = " "
    func finish() {
      guard let scalars = name else { return }
      // "@bob." at the end of a sentence names bob.
      var text = String(scalars)
      while let last = text.unicodeScalars.last, last == "." || last == "-" {
        text.unicodeScalars.removeLast()
      }
      guard let nick = try? Nick(text), seen.insert(nick.folded).inserted else { return }
      found.append(nick)
    }
    var bytes = 0
    for scalar in text.unicodeScalars {
      bytes += scalar.utf8.count
      guard bytes <= searchedBytes, found.count < maximum else { break }
      if name != nil, isName(scalar), name?.count ?? 0 <= Nick.maximumLength {
        name?.append(scalar)
      } else {
        finish()
        name = scalar == "@" && !isName(before) ? String.UnicodeScalarView() : nil
      }
      before = scalar
    }
    if found.count < maximum { finish() }
    return found
  }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        || "-_.".unicodeScalars.contains(scalar)
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .nonspacingMark, .spacingMark:
      return true
    default: return false
    }
  }
}

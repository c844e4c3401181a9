/// What a nick must be, beyond ``Nick``, so that nobody passes for somebody else.
///
/// Two nicks that Unicode calls canonically equivalent, or that differ in case only, are one nick everywhere. Here: one script in each,
/// no account that looks like another one, and no name that stands for the server.
public enum NickRules {
  /// Nicks that nobody may have, folded, unless an operator says otherwise. Not `root`: many who chat from a container are called so.
  public static let reserved: Set<String> = [
    "admin", "administrator", "all", "channel", "everyone", "here", "hookup", "moderator", "nobody",
    "operator", "owner", "room", "server", "staff", "support", "system",
  ]

  /// Why nobody may go by this nick; nil when it is allowed.
  public static func refusal(
    of nick: Nick, reserving reserved: Set<String> = NickRules.reserved
  ) -> ChatRefusal? {
    let folded = nick.folded
    if reserved.contains(folded) {
      return ChatRefusal(
        .nickReserved, "the nick \(nick) is kept for the server: choose another one")
    }
    guard scriptsFit(nick) else {
      return ChatRefusal(
        .nickConfusable,
        "the nick \(nick) mixes scripts: use the letters of one, so that nobody passes for somebody else"
      )
    }
    return nil
  }

  /// What a nick looks like: nicks of the same skeleton are taken for each other (after UTS 39 §4, for the letters of Latin, Greek and
  /// Cyrillic, and the digits).
  public static func skeleton(of nick: Nick) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in nick.text.unicodeScalars {
      shown.append(contentsOf: (capitals[scalar] ?? String(scalar)).unicodeScalars)
    }
    var skeleton = ""
    for scalar in String(shown).lowercased().unicodeScalars {
      skeleton += confusables[scalar] ?? String(scalar)
    }
    return skeleton
  }

  /// Letters that look like another one only as they are written.
  private static let capitals: [Unicode.Scalar: String] = [
    "I": "l", "Ι": "l", "І": "l", "Ӏ": "l",
    "Α": "a", "Β": "b", "Ε": "e", "Ζ": "z", "Η": "h", "Κ": "k", "Μ": "m", "Ν": "n", "Ο": "o",
    "Ρ": "p", "Τ": "t", "Υ": "y", "Χ": "x",
    "А": "a", "В": "b", "Е": "e", "К": "k", "М": "m", "Н": "h", "О": "o", "Р": "p", "С": "c",
    "Т": "t", "У": "y", "Х": "x", "Ѕ": "s", "Ј": "j",
  ]

  private static let confusables: [Unicode.Scalar: String] = [
    "0": "o", "1": "l", "m": "rn",
    "α": "a", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "σ": "o", "υ": "u", "χ": "x",
    "γ": "y", "ϲ": "c", "ϳ": "j",
    "а": "a", "в": "b", "е": "e", "к": "k", "м": "rn", "н": "h", "о": "o", "р": "p", "с": "c",
    "т": "t", "у": "y", "х": "x", "ѕ": "s", "і": "i", "ј": "j", "ԁ": "d", "ԛ": "q", "ԝ": "w",
    "һ": "h", "ӏ": "l", "ɑ": "a", "ɡ": "g", "ı": "i",
  ]

  // MARK: Scripts

  private enum Script: Hashable {
    case latin, greek, cyrillic, armenian, hebrew, arabic, thai, georgian, ethiopic
    case hangul, kana, bopomofo, han
    /// One of the scripts of India and its neighbours: the block's number.
    case block(UInt32)
  }

  /// Those that are written together.
  private static let mixtures: [Set<Script>] = [
    [.han, .kana], [.han, .hangul], [.han, .bopomofo],
  ]

  private static func scriptsFit(_ nick: Nick) -> Bool {
    var scripts: Set<Script> = []
    for scalar in nick.text.unicodeScalars {
      if let script = script(of: scalar) { scripts.insert(script) }
    }
    return scripts.count <= 1 || mixtures.contains { scripts.isSubset(of: $0) }
  }

  /// Nil for what goes with every script: ASCII's digits and signs, marks.
  private static func script(of scalar: Unicode.Scalar) -> Script? {
    switch scalar.properties.generalCategory {
    case .nonspacingMark where scalar.value < 0x0400: return nil
    default: break
    }
    switch scalar.value {
    case 0x41...0x5A, 0x61...0x7A, 0xAA, 0xBA, 0xC0...0x24F, 0x250...0x2AF, 0x1D00...0x1D25,
      0x1E00...0x1EFF, 0x2C60...0x2C7F, 0xA722...0xA7FF, 0xFF21...0xFF3A, 0xFF41...0xFF5A:
      return .latin
    case 0x00...0x7F, 0x2B0...0x36F: return nil
    case 0x370...0x3FF, 0x1F00...0x1FFF: return .greek
    case 0x400...0x52F, 0x1C80...0x1C8F, 0x2DE0...0x2DFF, 0xA640...0xA69F: return .cyrillic
    case 0x530...0x58F: return .armenian
    case 0x590...0x5FF, 0xFB1D...0xFB4F: return .hebrew
    case 0x600...0x6FF, 0x750...0x77F, 0x8A0...0x8FF, 0xFB50...0xFDFF, 0xFE70...0xFEFF:
      return .arabic
    case 0xE00...0xE7F: return .thai
    case 0x10A0...0x10FF, 0x1C90...0x1CBF, 0x2D00...0x2D2F: return .georgian
    case 0x1200...0x139F, 0x2D80...0x2DDF: return .ethiopic
    case 0x1100...0x11FF, 0x3130...0x318F, 0xA960...0xA97F, 0xAC00...0xD7FF: return .hangul
    case 0x3040...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9F: return .kana
    case 0x3100...0x312F, 0x31A0...0x31BF: return .bopomofo
    case 0x2E80...0x2FDF, 0x3005...0x3007, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF,
      0x20000...0x3FFFF:
      return .han
    // Each of the scripts of India has a block of 128.
    default: return .block(scalar.value >> 7)
    }
  }
}

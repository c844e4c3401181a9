/// Makes of any text what a terminal shows as it is meant: nothing in it can move the cursor, turn the direction of
/// writing, hide, or be measured differently by the terminal.
///
/// Controls and everything that steers the writing are shown by name (`^[`, `\u{9b}`, `<202E>`), what is invisible is
/// dropped, an emoji sequence becomes its first emoji, and what the host may not know becomes U+FFFD. For showing only:
/// what is stored and sent stays as it was.
package enum Sanitizer {
  /// Marks kept on one base: what an ncurses cell holds.
  static let maximumMarks = 4
  /// Columns between tab stops.
  static let tabStop = 8

  /// One line of text as glyphs: a line end in it is shown as `^J`.
  /// - Parameters:
  ///   - column: where the line starts, for tab stops.
  ///   - limit: scalars read at most; a longer text ends with three points.
  static func glyphs(of text: String, column: Int = 0, limit: Int = 8_192) -> [Glyph] {
    let shown = prefix(of: text, limit: limit)
    if shown.utf8.count == text.utf8.count, isPlain(shown) { return plainGlyphs(of: shown) }
    var writer = GlyphWriter(column: column)
    for character in shown { writer.append(character) }
    if shown.utf8.count < text.utf8.count { writer.appendPlain("...") }
    return writer.glyphs
  }

  /// Text as lines of glyphs, broken where the text breaks its lines; an empty last line is left out.
  /// - Parameters:
  ///   - limit: scalars read at most, over all lines.
  ///   - maximumLines: lines at most. Beyond either a last line says how large the text is.
  static func lines(
    of text: String, limit: Int = 8_192, maximumLines: Int = 200
  ) -> [[Glyph]] {
    var lines: [[Glyph]] = []
    var writer = GlyphWriter(column: 0)
    let shown = prefix(of: text, limit: limit)
    var isCut = shown.utf8.count < text.utf8.count
    if !isCut, isPlain(shown) { return [plainGlyphs(of: shown)] }
    for character in shown {
      guard character == "\n" || character == "\r\n" else {
        writer.append(character)
        continue
      }
      lines.append(writer.glyphs)
      writer = GlyphWriter(column: 0)
      if lines.count == maximumLines {
        isCut = true
        break
      }
    }
    if !writer.glyphs.isEmpty || lines.isEmpty { lines.append(writer.glyphs) }
    if isCut {
      writer = GlyphWriter(column: 0)
      writer.appendPlain("[cut here: \(text.utf8.count) bytes in all]", isEscape: true)
      lines.append(writer.glyphs)
    }
    return lines
  }

  /// The first scalars of a text. Cut before it is walked by clusters: one cluster may be as large as a message.
  private static func prefix(of text: String, limit: Int) -> String {
    text.utf8.count <= limit ? text : String(text.unicodeScalars.prefix(limit))
  }

  /// One line of text with everything dangerous replaced: for titles, names and sentences from the network.
  /// - Parameter limit: scalars read at most.
  package static func clean(_ text: String, limit: Int = 1_024) -> String {
    if text.utf8.count <= limit, isPlain(text) { return text }
    return glyphs(of: text, limit: limit).map(\.text).joined()
  }

  /// Whether the text is printable ASCII, which needs no care.
  static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
  }

  /// The glyphs of printable ASCII, each a byte.
  static func plainGlyphs(of text: String) -> [Glyph] {
    text.utf8.map { Glyph(scalar: Unicode.Scalar($0), width: 1) }
  }

  /// Whether a scalar is shown as it is. As ``treatment(of:)``, and quick where the answer is known: letters of most
  /// scripts in use, and what frames and bars are drawn with.
  static func keeps(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E, 0xA1...0xAC, 0xAE...0x2FF, 0x2500...0x25FF, 0x4E00...0x9FFC, 0xAC00...0xD7A3:
      true
    default: treatment(of: scalar) == .keep
    }
  }

  /// What is done with a scalar.
  enum Treatment: Equatable {
    case keep
    case drop
    case space
    /// Shown by this name instead.
    case name(String)
    case unknown
  }

  static func treatment(of scalar: Unicode.Scalar) -> Treatment {
    let value = scalar.value
    switch value {
    case 0x20...0x7E: return .keep
    case 0x0D: return .drop
    case 0...0x1F: return .name("^" + String(UnicodeScalar(UInt8(value) + 0x40)))
    case 0x7F: return .name("^?")
    case 0x80...0x9F: return .name("\\u{" + hexadecimal(value) + "}")
    case 0xA0, 0x2000...0x200A, 0x202F, 0x205F, 0x1680: return .space
    // Invisible and harmless: soft hyphen, joiners, variation selectors, fillers, skin tones are handled elsewhere.
    case 0xAD, 0x34F, 0x180B...0x180F, 0x200B...0x200D, 0x2060...0x2064, 0xFE00...0xFE0F,
      0x20E3, 0xE0100...0xE01EF, 0x17B4, 0x17B5:
      return .drop
    case 0x115F, 0x1160, 0x3164, 0xFFA0: return .space
    case 0xE0000...0xE007F: return .name("<" + hexadecimal(value).uppercased() + ">")
    default: return treatmentByCategory(of: scalar)
    }
  }

  private static func treatmentByCategory(of scalar: Unicode.Scalar) -> Treatment {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
      return .name("<" + hexadecimal(scalar.value).uppercased() + ">")
    case .unassigned, .privateUse: return .unknown
    default:
      // Newer than the oldest host's tables: it would be measured as nothing there.
      guard let age = scalar.properties.age, age.major <= 14 else { return .unknown }
      return .keep
    }
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return digits.count < 4 && value > 0xFF
      ? String(repeating: "0", count: 4 - digits.count) + digits : digits
  }
}

/// Collects the glyphs of one line, scalar by scalar, so that no cluster can hold more than a terminal's cell.
private struct GlyphWriter {
  var glyphs: [Glyph] = []
  private var column: Int
  private var marks = 0

  init(column: Int) { self.column = column }

  mutating func append(_ character: Character) {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return }
    if scalars.count == 1, (0x20...0x7E).contains(first.value) {
      return appendGlyph(Glyph(scalar: first, width: 1))
    }
    if first.value == 0x09 { return appendTab() }
    if isFlag(scalars) { return appendGlyph(Glyph(text: String(character), width: 2)) }
    let isEmoji = first.properties.isEmoji && first.value > 0x7F
    let composed = HangulSyllable.composed(scalars)
    // 64 scalars of one cluster are more than any writing needs; the rest of a longer one is dropped.
    for scalar in (composed ?? Array(scalars.prefix(64))) {
      // Of an emoji sequence only the first is shown: terminals disagree on how wide the rest is.
      if isEmoji, scalar.value == 0x200D { break }
      if isEmoji, scalar != first, scalar.properties.isEmojiModifier { continue }
      append(scalar)
    }
  }

  mutating func appendPlain(_ text: String, isEscape: Bool = false) {
    for scalar in text.unicodeScalars {
      appendGlyph(Glyph(scalar: scalar, width: 1, isEscape: isEscape))
    }
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    switch Sanitizer.treatment(of: scalar) {
    case .drop: break
    case .space: appendGlyph(.space)
    case .name(let name): appendPlain(name, isEscape: true)
    case .unknown: appendGlyph(Glyph(text: "\u{FFFD}", width: 1))
    case .keep:
      if (0x1F1E6...0x1F1FF).contains(scalar.value) {
        // Half a flag: terminals disagree on its width, so the letter it stands for is shown.
        appendPlain(String(UnicodeScalar(UInt8(scalar.value - 0x1F1E6) + 0x41)), isEscape: true)
      } else if TextWidth.isMark(scalar) {
        appendMark(scalar)
      } else {
        appendGlyph(Glyph(scalar: scalar, width: TextWidth.width(of: scalar)))
      }
    }
  }

  private mutating func appendMark(_ scalar: Unicode.Scalar) {
    guard let last = glyphs.last, !last.isEscape, !last.isSpace, !last.isFlag
    else {
      // A mark without a base gets the dotted circle, so that it cannot climb onto what is not its own.
      appendGlyph(Glyph(text: "\u{25CC}", width: 1))
      glyphs[glyphs.count - 1].sign.append(scalar)
      marks = 1
      return
    }
    guard marks < Sanitizer.maximumMarks else { return }
    glyphs[glyphs.count - 1].sign.append(scalar)
    marks += 1
  }

  private mutating func appendTab() {
    repeat { appendGlyph(.space) } while column % Sanitizer.tabStop != 0
  }

  private mutating func appendGlyph(_ glyph: Glyph) {
    glyphs.append(glyph)
    column += glyph.width
    marks = 0
  }

  private func isFlag(_ scalars: String.UnicodeScalarView) -> Bool {
    scalars.count == 2 && scalars.allSatisfy { (0x1F1E6...0x1F1FF).contains($0.value) }
  }
}

/// Conjoining Hangul letters as the syllable they make (Unicode 14.0 §3.12), which takes one cell pair everywhere.
private enum HangulSyllable {
  static func composed(_ scalars: String.UnicodeScalarView) -> [Unicode.Scalar]? {
    guard (2...3).contains(scalars.count) else { return nil }
    let values = scalars.map(\.value)
    guard (0x1100...0x1112).contains(values[0]), (0x1161...0x1175).contains(values[1]) else {
      return nil
    }
    var syllable = 0xAC00 + ((values[0] - 0x1100) * 21 + (values[1] - 0x1161)) * 28
    if values.count == 3 {
      guard (0x11A8...0x11C2).contains(values[2]) else { return nil }
      syllable += values[2] - 0x11A7
    }
    return Unicode.Scalar(syllable).map { [$0] }
  }
}

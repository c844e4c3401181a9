/// What is shown as one unbreakable sign: a cell or two of text.
struct Glyph: Hashable, Sendable {
  /// Printable scalars only: a base and at most ``Sanitizer/maximumMarks`` marks, or the two letters of a flag.
  var text: String
  /// 1 or 2 cells.
  var width: Int
  /// Whether it stands for something that must not be shown as it is; painted in reverse.
  var isEscape = false

  static let space = Glyph(text: " ", width: 1)

  /// Whether a line may break behind it, and whether it goes when a line does.
  var isSpace: Bool { text == " " }
}

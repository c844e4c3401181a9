/// The scalars of one sign in 16 bytes and without a reference: a base and at most four marks, or the two letters of a
/// flag. Screens are made of thousands of them, thirty times a second.
public struct SignText: Hashable, Sendable {
  /// Scalars it holds; those beyond are dropped.
  public static let maximumScalars = 5
  static let space = SignText(scalar: " ")
  static let replacement = SignText(scalar: "\u{FFFD}")

  /// 21 bits for each scalar, the first one lowest: three here, two in `high`. 0 is no scalar.
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  public init() {}

  public init(_ text: String) {
    for scalar in text.unicodeScalars.prefix(Self.maximumScalars) { append(scalar) }
  }

  init(scalar: Unicode.Scalar) { low = UInt64(scalar.value) }

  public var isEmpty: Bool { low == 0 }

  public var count: Int {
    if high != 0 { return high >> 21 == 0 ? 4 : 5 }
    return low >> 21 == 0 ? (low == 0 ? 0 : 1) : low >> 42 == 0 ? 2 : 3
  }

  /// The value of a scalar; 0 where there is none.
  public subscript(index: Int) -> UInt32 {
    let word = index < 3 ? low : high
    return UInt32(word >> UInt64(21 * (index < 3 ? index : index - 3)) & 0x1F_FFFF)
  }

  mutating func append(_ scalar: Unicode.Scalar) {
    let index = count
    guard index < Self.maximumScalars else { return }
    if index < 3 {
      low |= UInt64(scalar.value) << UInt64(21 * index)
    } else {
      high |= UInt64(scalar.value) << UInt64(21 * (index - 3))
    }
  }

  public var text: String {
    var scalars = String.UnicodeScalarView()
    for index in 0..<count {
      if let scalar = Unicode.Scalar(self[index]) { scalars.append(scalar) }
    }
    return String(scalars)
  }
}

/// What is shown as one unbreakable sign: a cell or two of text.
struct Glyph: Hashable, Sendable {
  /// Printable scalars only: a base and at most ``Sanitizer/maximumMarks`` marks, or the two letters of a flag.
  var sign: SignText
  private var cells: UInt8
  /// Whether it stands for something that must not be shown as it is; painted in reverse.
  var isEscape = false

  init(text: String, width: Int, isEscape: Bool = false) {
    self.init(sign: SignText(text), width: width, isEscape: isEscape)
  }

  init(scalar: Unicode.Scalar, width: Int, isEscape: Bool = false) {
    self.init(sign: SignText(scalar: scalar), width: width, isEscape: isEscape)
  }

  init(sign: SignText, width: Int, isEscape: Bool = false) {
    self.sign = sign
    cells = UInt8(clamping: width)
    self.isEscape = isEscape
  }

  /// The same scalars as a string.
  var text: String { sign.text }
  /// 1 or 2 cells.
  var width: Int { Int(cells) }

  static let space = Glyph(sign: .space, width: 1)

  /// Whether a line may break behind it, and whether it goes when a line does.
  var isSpace: Bool { sign == .space }

  /// Two letters of one cell each.
  var isFlag: Bool {
    width == 2 && sign.count == 2 && (0x1F1E6...0x1F1FF).contains(sign[0])
      && (0x1F1E6...0x1F1FF).contains(sign[1])
  }
}

/// A JSON number, exactly as it was spelled: JSON sets no bound on size or precision, and none is lost here.
///
/// Two are equal when they are spelled the same: `1`, `1.0` and `1e0` are three numbers. Ask for ``int64`` or ``double``
/// to compare values.
public struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
  /// The number as RFC 8259 §6 spells it.
  public let text: String

  public init(_ value: some FixedWidthInteger) {
    text = String(value)
  }

  /// Nil for an infinity or NaN, which JSON has no word for.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    text = "\(value)"
  }

  /// For text that is known to be a number by RFC 8259 §6.
  init(unchecked text: String) {
    self.text = text
  }

  /// The value, when it is spelled without fraction and exponent and lies in -2^63...2^63-1.
  public var int64: Int64? { Int64(text) }

  /// The nearest floating-point number; infinite beyond ±1.8·10^308.
  public var double: Double { Double(text) ?? .nan }

  public var description: String { text }
}

extension JSONNumber: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int64) { self.init(value) }
}

/// Which installation a session belongs to: 128 random bits, drawn by the client once and kept beside its outbox. Who knows it can
/// go on with the session, so it is a secret between client and server: never shown, never in a log.
public struct SessionID: Hashable, Sendable {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// 32 lower-case hexadecimal digits; nil for anything else.
  public init?(_ text: some StringProtocol) {
    guard text.utf8.count == 32, let high = hexadecimal(text.prefix(16)),
      let low = hexadecimal(text.suffix(16))
    else { return nil }
    self.init(high: high, low: low)
  }

  /// 32 lower-case hexadecimal digits.
  public var text: String { hex(high) + hex(low) }
}

/// The number that is written as exactly 16 lower-case hexadecimal digits; nil for anything else.
package func hexadecimal(_ text: some StringProtocol) -> UInt64? {
  guard text.utf8.count == 16 else { return nil }
  var value: UInt64 = 0
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - 0x30)
    case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - 0x57)
    default: return nil
    }
  }
  return value
}

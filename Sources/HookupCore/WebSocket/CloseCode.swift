/// Why a WebSocket is closed, as a number (RFC 6455 §7.4).
public struct CloseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The purpose is fulfilled.
  public static let normal = CloseCode(rawValue: 1000)
  /// A server shuts down, or a reader leaves the page.
  public static let goingAway = CloseCode(rawValue: 1001)
  /// The peer broke the protocol.
  public static let protocolError = CloseCode(rawValue: 1002)
  /// The peer sent a kind of data that is not taken.
  public static let unsupportedData = CloseCode(rawValue: 1003)
  /// A close frame came without a code. Never on the wire.
  public static let noStatus = CloseCode(rawValue: 1005)
  /// The connection ended without a close frame. Never on the wire.
  public static let abnormal = CloseCode(rawValue: 1006)
  /// A text message or a close reason is not UTF-8.
  public static let invalidData = CloseCode(rawValue: 1007)
  /// The peer broke a rule of the application.
  public static let policyViolation = CloseCode(rawValue: 1008)
  /// A message is beyond the limit.
  public static let messageTooBig = CloseCode(rawValue: 1009)
  /// The client misses an extension.
  public static let mandatoryExtension = CloseCode(rawValue: 1010)
  /// The server met an error of its own.
  public static let internalError = CloseCode(rawValue: 1011)
  /// The server restarts.
  public static let serviceRestart = CloseCode(rawValue: 1012)
  /// The server is overloaded: try again later.
  public static let tryAgainLater = CloseCode(rawValue: 1013)

  /// Whether a close frame may carry it: the codes of RFC 6455 §7.4.1 that are not reserved, 1012 to 1014 from IANA's
  /// registry, and 3000 to 4999 for libraries and applications (§7.4.2).
  public var isAllowedOnWire: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }

  public var description: String { String(rawValue) }
}

/// What went wrong, in a form a program can test and a person can act on.
///
/// ``message`` names the thing, the limit and the way out, and is fit to be shown; it never holds message text.
public struct HookupError: Error, Sendable, CustomStringConvertible {
  /// The kind of failure. More may be added: compare, do not switch exhaustively.
  public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    /// An argument, name or URL that is not allowed. The caller's fault; nothing was changed.
    public static let invalidArgument = Code(rawValue: "invalid_argument")
    /// A message beyond the configured limit. The connection and the buffer are as they were.
    public static let messageTooBig = Code(rawValue: "message_too_big")
    /// The buffer is at its limit and the caller chose not to wait.
    public static let bufferFull = Code(rawValue: "buffer_full")
    /// There is no connection, and no buffer is configured that could hold the message.
    public static let notConnected = Code(rawValue: "not_connected")
    /// The client or server has been closed for good.
    public static let closed = Code(rawValue: "closed")
    /// The peer could not be reached: refused, timed out, unknown host, TLS.
    public static let connectFailed = Code(rawValue: "connect_failed")
    /// The peer answered the opening handshake with something else than a WebSocket.
    public static let handshakeFailed = Code(rawValue: "handshake_failed")
    /// The peer broke the protocol; the connection is closed.
    public static let protocolViolation = Code(rawValue: "protocol_violation")
    /// No ack came within the message's deadline.
    public static let ackTimeout = Code(rawValue: "ack_timeout")
    /// A file or directory could not be read, written or locked.
    public static let storage = Code(rawValue: "storage")
    /// The store or the outbox cannot be written for now, e.g. because the disk is full. Nothing was changed, and the same may be
    /// tried again.
    public static let unavailable = Code(rawValue: "unavailable")
    /// Another process holds the lock on a data directory.
    public static let locked = Code(rawValue: "locked")
    /// Stored bytes fail their checksum; the file was set aside whole.
    public static let corrupt = Code(rawValue: "corrupt")
    /// The address could not be bound.
    public static let bindFailed = Code(rawValue: "bind_failed")
    /// The other side refused a request, and said why in ``HookupError/message``.
    public static let refused = Code(rawValue: "refused")
  }

  public let code: Code
  public let message: String
  /// The error underneath, if there is one.
  public let cause: (any Error)?

  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  public var description: String { message }
}

extension HookupError: Equatable {
  /// Equal by code and message; causes are not compared.
  public static func == (left: HookupError, right: HookupError) -> Bool {
    left.code == right.code && left.message == right.message
  }
}

import NIOCore

/// One message: text, JSON or bytes, and whether its sender wants an ack.
public struct Message: Hashable, Sendable {
  /// What a message carries. More kinds may be added.
  @nonexhaustive
  public enum Content: Hashable, Sendable {
    /// Text of any kind, valid UTF-8.
    case text(String)
    /// One JSON value, kept as the text it came in until somebody asks.
    case json(JSONText)
    /// Bytes. `jsonProtocol` cannot carry them; see the wire format's documentation.
    case binary(ByteBuffer)
  }

  public var content: Content
  /// How long the sender waits for the ack before it reports `ClientEvent.ackFailed`; nil when it wants none.
  public var ackTimeout: Duration?

  public init(_ content: Content, ackTimeout: Duration? = nil) {
    self.content = content
    self.ackTimeout = ackTimeout
  }

  public static func text(_ text: String) -> Message { Message(.text(text)) }
  public static func json(_ json: JSONText) -> Message { Message(.json(json)) }
  public static func binary(_ bytes: ByteBuffer) -> Message { Message(.binary(bytes)) }

  /// The same message, asking for an ack within `timeout` (5 s unless told, as the original does).
  public func needsAck(within timeout: Duration = .seconds(5)) -> Message {
    Message(content, ackTimeout: timeout)
  }
}

extension Message: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self.init(.text(value)) }
}

extension Message.Content {
  /// The same without a hold on the storage it was received in, when that is much larger.
  package var detached: Message.Content {
    switch self {
    case .text: self
    case .json(let json): .json(JSONText(unchecked: json.bytes.detached))
    case .binary(let bytes): .binary(bytes.detached)
    }
  }
}

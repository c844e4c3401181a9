import HookupCore
import HookupEngine
import NIOCore

/// `jsonProtocol` for a test peer that must be able to say what the format itself never would: bytes are sent as the text
/// frame that they spell, and acks are read as the JSON they are, for the peer to match.
struct LegacyFormat: WireFormat {
  private let format = JSONProtocolFormat()

  var subprotocol: String { format.subprotocol }
  var carriesAcks: Bool { true }

  func decode(_ frame: WireFrame) -> WireMessage {
    if case .text(let bytes) = frame, case .ack = format.decode(frame),
      let json = try? JSONText(validating: bytes)
    {
      return .message(.json(json))
    }
    return format.decode(frame)
  }

  func encode(_ message: WireMessage) throws(HookupError) -> WireFrame {
    if case .message(.binary(let bytes)) = message { return .text(bytes) }
    return try format.encode(message)
  }
}

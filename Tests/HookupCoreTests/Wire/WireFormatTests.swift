import HookupCore
import NIOCore
import Testing

/// What every wire format must hold to, tried on each that there is.
@Suite struct WireFormatTests {
  private static let hostile: [WireFrame] = [
    .text(ByteBuffer()), .binary(ByteBuffer()), .text(ByteBuffer(bytes: [0xFF, 0xFE])),
    .text(ByteBuffer(string: "{")), .text(ByteBuffer(repeating: UInt8(ascii: "["), count: 100_000)),
    .binary(ByteBuffer(repeating: 0, count: 100_000)),
  ]

  @Test func `what is read can be sent on, and is read the same again`() throws {
    for format in SubprotocolRegistry.standard.formats {
      for frame in Self.hostile {
        let message = format.decode(frame)
        guard case .message(let content) = message else {
          Issue.record("\(format.subprotocol) made \(message) of \(frame)")
          continue
        }
        if case .binary = content, format.subprotocol == "jsonProtocol" { continue }
        #expect(format.decode(try format.encode(message)) == message)
      }
    }
  }

  @Test func `a format that says it carries acks does, and one that does not throws`() {
    for format in SubprotocolRegistry.standard.formats {
      for message in [WireMessage.ack(id: 1), .ackRequest(id: 1, .text("x"))] {
        let frame = try? format.encode(message)
        #expect((frame != nil) == format.carriesAcks)
        if let frame { #expect(format.decode(frame) == message) }
      }
    }
  }
}

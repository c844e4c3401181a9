import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct FrameHandlerTests {
  struct Echo: FrameHandler {
    func received(_ frames: [WireFrame], from connection: ServerConnection) {
      for frame in frames { connection.reply(frame) }
    }
  }

  @Test func `frames are answered as they came`() async throws {
    try await withServer(frames: Echo()) { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(address)
      connection.send(text: "hello")
      connection.send(.binary(ByteBuffer(bytes: [0, 255])), written: nil)
      #expect(try await client.heard.next() == .text("hello"))
      #expect(try await client.heard.next() == .binary([0, 255]))
      connection.close(code: 1000, reason: "bye")
      #expect(try await client.heard.next() == .closed(1000, "bye"))
    }
  }
}

import HookupCore
import NIOCore
import Synchronization
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct FrameHandlerTests {
  struct Echo: FrameHandler {
    func received(_ frames: [WireFrame], from connection: ServerConnection) {
      for frame in frames { connection.reply(frame) }
    }
  }

  /// Tells what it hears.
  struct Teller: FrameHandler {
    let heard = Mailbox<String>()

    func opened(_ connection: ServerConnection) {
      heard.put("opened \(connection.request.path)")
    }
    func received(_ frames: [WireFrame], from connection: ServerConnection) {
      for frame in frames { heard.put(String(buffer: frame.payload)) }
    }
    func closed(_ connection: ServerConnection, _ reason: DisconnectReason) {
      heard.put("closed \(reason.code.rawValue) open: \(connection.isOpen)")
    }
  }

  @Test func `frames are answered as they came`() async throws {
    try await withServer(frames: Echo()) { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(address)
      connection.send(text: "hello")
      connection.send(.binary(ByteBuffer(bytes: [0, 255])), written: nil)
      #expect(try await client.heard.next() == .text("hello"))
      #expect(try await client.heard.next() == .binary([0, 255]))
      let large = [UInt8](repeating: 7, count: 300_000)
      connection.send(.binary(ByteBuffer(bytes: large)), written: nil)
      #expect(try await client.heard.next() == .binary(large))
      connection.close(code: 1000, reason: "bye")
      #expect(try await client.heard.next() == .closed(1000, "bye"))
    }
  }

  @Test func `a handler hears the whole story, and nothing after its end`() async throws {
    let teller = Teller()
    try await withServer(frames: teller) { _, address in
      let (_, connection, _) = try await TestWebSocket.connect(address, path: "room")
      connection.send(text: "one")
      connection.send(text: "two")
      connection.close(code: 4000, reason: "enough")
      #expect(try await teller.heard.next() == "opened /room")
      #expect(try await teller.heard.next() == "one")
      #expect(try await teller.heard.next() == "two")
      #expect(try await teller.heard.next() == "closed 4000 open: false")
    }
    #expect(teller.heard.count == 0)
  }

  @Test func `an answer goes out before the answer to the close frame behind its message`()
    async throws
  {
    try await withServer(frames: Echo()) { _, address in
      let raw = try await RawClient.connect(address)
      try await raw.send(upgradeRequest())
      _ = try await raw.read(until: "\r\n\r\n")
      // A masked "a", then a close frame, in one write.
      try await raw.send(
        bytes: [0x81, 0x81, 0, 0, 0, 0, 0x61, 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8])
      // 0x81 and 0x88 are no UTF-8.
      #expect(try await raw.readToEnd().hasPrefix("\u{FFFD}\u{01}a\u{FFFD}\u{02}"))
    }
  }

  @Test func `others may send from anywhere, and hear when there is no room`() async throws {
    let connections = Mailbox<ServerConnection>()
    struct Keeper: FrameHandler {
      let connections: Mailbox<ServerConnection>
      func opened(_ connection: ServerConnection) { connections.put(connection) }
      func received(_ frames: [WireFrame], from connection: ServerConnection) {}
    }
    try await withServer(
      configured {
        $0.limits.sendBufferHighBytes = 100_000
        $0.limits.sendBufferLowBytes = 50_000
      },
      frames: Keeper(connections: connections)
    ) { _, address in
      let raw = try await RawClient.connect(address, reads: false)
      try await raw.send(upgradeRequest())
      let connection = try await connections.next()
      let frame = WireFrame.binary(ByteBuffer(repeating: 1, count: 50_000))
      // Nobody would hear of its ack.
      let refusal = await #expect(throws: HookupError.self) {
        try await connection.send(.text("x").needsAck())
      }
      #expect(refusal?.message.contains("frame handler") == true)
      #expect(connection.trySend(frame: frame))
      _ = try await fill(connection, with: .binary(frame.payload))
      #expect(!connection.trySend(frame: frame))
      // Only what answers a read is taken beyond the bound.
      #expect(!connection.reply(frame))
      #expect(try await !connection.eventLoop.submit { connection.reply(frame) }.get())
      let outcome = HookupServer.broadcast(frame, to: [connection], closesSlow: false)
      #expect(outcome.missed == [connection.id])
      #expect(connection.isOpen)
      HookupServer.broadcast(frame, to: [connection])
      #expect(!connection.isOpen)
      #expect(!connection.trySend(frame: frame))
      #expect(!connection.reply(frame))
      await raw.close()
    }
  }

  @Test func `a client that does not read its answers is not read, and closed in time`()
    async throws
  {
    let ends = Mailbox<DisconnectReason>()
    final class Flooded: FrameHandler {
      let ends: Mailbox<DisconnectReason>
      let frames = Atomic(0)
      init(ends: Mailbox<DisconnectReason>) {
        self.ends = ends
      }
      func received(_ frames: [WireFrame], from connection: ServerConnection) {
        self.frames.add(frames.count, ordering: .relaxed)
        for frame in frames { connection.reply(frame) }
      }
      func closed(_ connection: ServerConnection, _ reason: DisconnectReason) { ends.put(reason) }
    }
    let handler = Flooded(ends: ends)
    try await withServer(
      configured {
        $0.limits.sendBufferHighBytes = 100_000
        $0.limits.sendBufferLowBytes = 50_000
        $0.limits.stallTimeout = .milliseconds(300)
      }, frames: handler
    ) { _, address in
      let raw = try await RawClient.connect(address, reads: false)
      try await raw.send(upgradeRequest())
      // 64 MiB of frames; the server takes what fits into the buffers on the way and no more.
      let frame = [0x82, 0xFE, 0x80, 0x00, 0, 0, 0, 0] + [UInt8](repeating: 1, count: 32_768)
      let sender = Task { for _ in 0..<2_048 { try await raw.send(bytes: frame) } }
      let end = try await ends.next()
      #expect(end.code == .slowConsumer)
      #expect(handler.frames.load(ordering: .relaxed) < 2_048)
      sender.cancel()
      await raw.close()
      _ = try? await sender.value
    }
  }

  @Test func `a broadcast reaches every connection once`() async throws {
    final class Everybody: FrameHandler {
      let connections = Mutex<[ServerConnection]>([])
      func opened(_ connection: ServerConnection) {
        connections.withLock { $0.append(connection) }
      }
      func received(_ frames: [WireFrame], from connection: ServerConnection) {
        for frame in frames {
          HookupServer.broadcast(
            frame, to: connections.withLock { $0 }, except: connection)
        }
      }
    }
    try await withServer(frames: Everybody()) { _, address in
      let (first, sender, _) = try await TestWebSocket.connect(address)
      var others: [TestWebSocket] = []
      for _ in 0..<5 { others.append(try await TestWebSocket.connect(address).0) }
      for number in 0..<20 { sender.send(text: "\(number)") }
      for other in others {
        for number in 0..<20 { #expect(try await other.heard.next() == .text("\(number)")) }
      }
      #expect(first.heard.count == 0)
    }
  }
}

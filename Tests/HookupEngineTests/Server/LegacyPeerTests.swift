import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

/// What is known of the original's peers, at both ends of a connection. What single frames mean is in the vectors
/// (`Resources/wire-vectors.jsonl`).
@Suite(.timeLimit(.minutes(1))) struct LegacyPeerTests {
  /// A server as old clients need it that offer no name: `jsonProtocol` is spoken with them.
  private func legacyDefault() throws -> ServerConfiguration {
    let registry = try SubprotocolRegistry(
      [JSONProtocolFormat(), SimpleJSONFormat()], default: Subprotocol.jsonProtocol)
    return configured { $0.subprotocols = registry }
  }

  private func opened(_ address: ServerAddress, _ name: String?) async throws -> RawClient {
    let client = try await RawClient.connect(address)
    try await client.send(upgradeRequest(name.map { ["Sec-WebSocket-Protocol: \($0)"] } ?? []))
    _ = try await client.read(until: "\r\n\r\n")
    return client
  }

  /// A text frame, masked with zeros.
  private func frame(_ text: String, first: UInt8 = 0x81) -> [UInt8] {
    [first, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0] + Array(text.utf8)
  }

  @Test func `Ruby offers no name, and its envelopes are understood where that is the default`()
    async throws
  {
    try await withServer(legacyDefault()) { _, address in
      let (client, connection, subprotocol) = try await TestWebSocket.connect(address)
      #expect(subprotocol == nil)
      connection.send(text: #"{"type":"ack_request","id":1,"content":"hello"}"#)
      // A receiver acks first, then delivers.
      #expect(try await client.heard.next() == .text(#"{"type":"ack","id":1}"#))
      #expect(try await client.heard.next() == .text(#"{"type":"text","content":"hello"}"#))
    }
  }

  @Test func `Scala's payload under message is answered under content, in an envelope`()
    async throws
  {
    try await withServer { connection in
      for await event in connection.events {
        guard case .text(let text) = event else { continue }
        try await connection.send(Message.text(text).needsAck(within: .seconds(50)))
      }
    } body: { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(
        address, subprotocols: ["jsonProtocol"])
      connection.send(
        text: #"{"id":1,"message":{"type":"text","content":"a"},"type":"ack_request"}"#)
      #expect(try await client.heard.next() == .text(#"{"type":"ack","id":1}"#))
      // No time-out on the wire, no white space, ids of this direction from 1.
      #expect(
        try await client.heard.next()
          == .text(#"{"type":"ack_request","id":1,"content":{"type":"text","content":"a"}}"#))
    }
  }

  @Test func `Node's bare strings and bare objects are messages`() async throws {
    let events = Mailbox<String>()
    try await withServer { connection in
      for await event in connection.events {
        if case .connected = event { continue }
        events.put("\(event)")
      }
    } body: { _, address in
      let (_, connection, _) = try await TestWebSocket.connect(
        address, subprotocols: ["jsonProtocol"])
      for text in ["bare", #"{"type":"presence","who":1}"#, #" {"type":"text","content":"x"}"#] {
        connection.send(text: text)
      }
      #expect(try await events.next() == #"text("bare")"#)
      #expect(try await events.next() == #"json({"type":"presence","who":1})"#)
      #expect(try await events.next() == #"text("x")"#)
    }
  }

  @Test func `ids start again on each connection, and may come again on the same`() async throws {
    try await withServer { _, address in
      for _ in 0..<2 {
        let (client, connection, _) = try await TestWebSocket.connect(
          address, subprotocols: ["jsonProtocol"])
        for _ in 0..<2 {
          connection.send(text: #"{"type":"ack_request","id":1,"content":"a"}"#)
          #expect(try await client.heard.next() == .text(#"{"type":"ack","id":1}"#))
          #expect(try await client.heard.next() == .text(#"{"type":"text","content":"a"}"#))
        }
        connection.abort()
      }
    }
  }

  @Test func `a message is never fragmented, however large`() async throws {
    try await withServer(legacyDefault()) { _, address in
      let client = try await opened(address, "jsonProtocol")
      // The envelope around it has 0x040404 bytes, of which each is a character.
      let envelope = 0x040404
      let around = #"{"type":"text","content":""}"#.utf8.count
      let text = String(repeating: "x", count: envelope - around)
      let count = [UInt8]((0..<8).reversed().map { UInt8(text.utf8.count >> ($0 * 8) & 0xFF) })
      try await client.send(bytes: [0x81, 0xFF] + count + [0, 0, 0, 0] + Array(text.utf8))
      let answer = try await client.read(until: #"x"}"#)
      // Final, which makes the first byte no character, and the whole length.
      #expect(answer.hasPrefix("\u{FFFD}\u{7F}\0\0\0\0\0\u{4}\u{4}\u{4}{"))
      await client.close()
    }
  }

  @Test func `an empty pong is life`() async throws {
    let ends = Mailbox<DisconnectReason?>()
    let configuration = configured {
      $0.keepalive = KeepaliveSettings(pingAfter: .milliseconds(50), deadAfter: .seconds(30))
    }
    try await withServer(configuration) { connection in
      for await _ in connection.events {}
      ends.put(connection.disconnectReason)
    } body: { _, address in
      let client = try await opened(address, "jsonProtocol")
      // A ping of eight bytes comes again only when the last one was answered, or the peer was heard in another way.
      for _ in 0..<3 {
        #expect(try await client.read(until: "\u{FFFD}\u{8}").utf8.last == 8)
        try await client.send(bytes: [0x8A, 0x80, 0, 0, 0, 0])
      }
      // Their close frames carry no code.
      try await client.send(bytes: [0x88, 0x80, 0, 0, 0, 0])
      #expect(try await ends.next()?.code == .noStatus)
      await client.close()
    }
  }

  @Test func `the header that is compared whole is sent whole, by both sides`() async throws {
    try await withServer { _, address in
      let client = try await RawClient.connect(address)
      try await client.send(upgradeRequest())
      let head = try await client.read(until: "\r\n\r\n")
      #expect(head.contains("\r\nConnection: Upgrade\r\n"))
      await client.close()
    }
    let server = try await ScriptedServer.start { _ in .webSocket }
    let request = try WebSocketConnector.Request("ws://127.0.0.1:\(server.port)/")
    try await talk(WebSocketConnector(), request)
    #expect(try await server.heads.next().contains("\r\nConnection: Upgrade\r\n"))
    try await server.stop()
  }

  /// Agrees to `jsonProtocol` and speaks plainly all the same, as the original's server does.
  private struct Stubborn: WireFormat {
    var subprotocol: String { Subprotocol.jsonProtocol }
    var carriesAcks: Bool { false }
    func decode(_ frame: WireFrame) -> WireMessage { SimpleJSONFormat().decode(frame) }
    func encode(_ message: WireMessage) throws(HookupError) -> WireFrame {
      try SimpleJSONFormat().encode(message)
    }
  }

  @Test func `one name is offered, and a server that speaks its own default is understood`()
    async throws
  {
    #expect(ClientConfiguration().formats.map(\.subprotocol) == ["jsonProtocol"])
    let registry = try SubprotocolRegistry([Stubborn()], default: Subprotocol.jsonProtocol)
    try await withServer(configured { $0.subprotocols = registry }) { connection in
      try await connection.send("bare")
      try await connection.send(.json(JSONText("[1]")))
      for await _ in connection.events {}
    } body: { _, address in
      try await withHookupClient(address.url) { client in
        var events = client.events.makeAsyncIterator()
        let text = try await next(&events) { $0.text }
        #expect(text == "bare")
        let json: String = try await next(&events) { event in
          if case .json(let json) = event { json.text } else { nil }
        }
        #expect(json == "[1]")
      }
    }
  }

  @Test func `an ack's time is five seconds unless it is told`() {
    #expect(Message.text("x").needsAck().ackTimeout == .seconds(5))
  }
}

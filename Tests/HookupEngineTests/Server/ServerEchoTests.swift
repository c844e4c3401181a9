import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ServerEchoTests {
  @Test(arguments: [false, true])
  func `with nothing configured a client's text, JSON and bytes come back`(
    onEventLoop: Bool
  ) async throws {
    try await withServer(
      configured {
        $0.runsHandlersOnEventLoop = onEventLoop
      }
    ) { server, address in
      let (client, connection, subprotocol) = try await TestWebSocket.connect(address)
      #expect(subprotocol == nil)
      connection.send(text: "hello")
      connection.send(text: #"{"a": [1, 2]}"#)
      connection.send(.binary(ByteBuffer(bytes: [0, 255])), written: nil)
      #expect(try await client.heard.next() == .text("hello"))
      #expect(try await client.heard.next() == .text(#"{"a": [1, 2]}"#))
      #expect(try await client.heard.next() == .binary([0, 255]))
      connection.close(code: 1000, reason: "bye")
      #expect(try await client.heard.next() == .closed(1000, "bye"))
    }
  }

  @Test func `a handler that takes its time still answers what came before the close frame`()
    async throws
  {
    let seen = Mailbox<String>()
    let gate = Mailbox<Bool>()
    try await withServer { connection in
      for await event in connection.events {
        guard case .text(let text) = event else { continue }
        seen.put(text)
        _ = try await gate.next()
        try await connection.send(.text("answer to \(text)"))
      }
    } body: { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(address)
      connection.send(text: "question")
      connection.close(code: 1000, reason: "bye")
      #expect(try await seen.next() == "question")
      gate.put(true)
      #expect(try await client.heard.next() == .text("answer to question"))
      #expect(try await client.heard.next() == .closed(1000, "bye"))
    }
  }

  @Test func `a connection tells its story from connected to disconnected`() async throws {
    let events = Mailbox<String>()
    try await withServer { connection in
      events.put(connection.request.path + "?" + (connection.request.query ?? ""))
      events.put(connection.request.headers.first("x-token") ?? "none")
      events.put(connection.request.remoteHost)
      for await event in connection.events { events.put("\(event)") }
      events.put("open: \(connection.isOpen)")
    } body: { _, address in
      let (_, connection, _) = try await TestWebSocket.connect(
        address, path: "room?since=3", headers: [("X-Token", "t")])
      connection.send(text: "one")
      connection.close(code: 4000, reason: "enough")
      #expect(try await events.next() == "/room?since=3")
      #expect(try await events.next() == "t")
      #expect(try await events.next() == "127.0.0.1")
      #expect(try await events.next() == "connected")
      #expect(try await events.next() == #"text("one")"#)
      #expect(try await events.next() == "disconnected(4000 'enough', closed by the client)")
      #expect(try await events.next() == "open: false")
    }
  }

  @Test(
    arguments: [
      (["simpleJson"], "simpleJson"), (["jsonProtocol"], "jsonProtocol"),
      // The server's first preference, whatever the client's order.
      (["unknown", "simpleJson", "jsonProtocol"], "jsonProtocol"), ([], nil),
    ] as [([String], String?)])
  func `a subprotocol is agreed on`(offers: [String], expected: String?) async throws {
    let spoken = Mailbox<String>()
    try await withServer {
      spoken.put($0.subprotocol)
      try await echo($0)
    } body: { _, address in
      let (_, _, subprotocol) = try await TestWebSocket.connect(address, subprotocols: offers)
      #expect(subprotocol == expected)
      #expect(try await spoken.next() == expected ?? "simpleJson")
    }
  }

  @Test func `only unknown subprotocols are answered 426 and the list`() async throws {
    try await withServer { _, address in
      let answer = try await http(
        upgradeRequest(["Sec-WebSocket-Protocol: a, b"]), at: address)
      #expect(answer.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
      #expect(answer.contains("Sec-WebSocket-Version: 13\r\n"))
      #expect(answer.contains("Sec-WebSocket-Protocol: jsonProtocol, simpleJson\r\n"))
    }
  }

  @Test func `the answer to the handshake is that of the RFC, and a frame right behind it is read`()
    async throws
  {
    try await withServer { _, address in
      let client = try await RawClient.connect(address)
      // A masked "Hello", RFC 6455 §5.7, in the same packet as the request.
      let frame: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
      try await client.send(bytes: Array(upgradeRequest().utf8) + frame)
      let answer = try await client.read(until: "\u{5}Hello")
      #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
      #expect(answer.contains("\r\nConnection: Upgrade\r\n"))
      #expect(answer.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
      #expect(answer.hasSuffix("\u{5}Hello"))
      await client.close()
    }
  }

  @Test func `a handler that returns closes 1000, one that throws 1011`() async throws {
    struct Failure: Error {}
    try await withServer { connection in
      if connection.request.path == "/throw" { throw Failure() }
      try await connection.send("bye")
    } body: { _, address in
      let (quiet, _, _) = try await TestWebSocket.connect(address)
      #expect(try await quiet.heard.next() == .text("bye"))
      #expect(try await quiet.heard.next() == .closed(1000, ""))
      let (thrown, _, _) = try await TestWebSocket.connect(address, path: "throw")
      #expect(try await thrown.heard.next() == .closed(1011, ""))
    }
  }

  @Test func `sending after the end is an error that says so`() async throws {
    let errors = Mailbox<HookupError?>()
    try await withServer { connection in
      for await _ in connection.events {}
      do {
        try await connection.send("too late")
      } catch {
        errors.put(error as? HookupError)
      }
    } body: { _, address in
      let (_, connection, _) = try await TestWebSocket.connect(address)
      connection.close(code: 1000, reason: "")
      let error = try await errors.next()
      #expect(error?.code == .closed)
      #expect(error?.message.contains("closed by the client") == true)
    }
  }

  @Test func `each connection keeps its own state`() async throws {
    enum Count: ConnectionStateKey { typealias Value = Int }
    try await withServer { connection in
      for await event in connection.events {
        guard case .text = event else { continue }
        let count = connection.update(Count.self) { count in
          count = (count ?? 0) + 1
          return count ?? 0
        }
        try await connection.send(.text("\(count) \(connection[Count.self] ?? 0)"))
      }
    } body: { _, address in
      let (one, first, _) = try await TestWebSocket.connect(address)
      let (two, second, _) = try await TestWebSocket.connect(address)
      first.send(text: "x")
      first.send(text: "x")
      second.send(text: "x")
      #expect(try await one.heard.next() == .text("1 1"))
      #expect(try await one.heard.next() == .text("2 2"))
      #expect(try await two.heard.next() == .text("1 1"))
    }
  }
}

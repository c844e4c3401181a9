import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ServerLimitsTests {
  @Test func `a message at the limit is taken, one beyond closes 1009 and is reported`()
    async throws
  {
    let errors = Mailbox<HookupError>()
    try await withServer(configured { $0.limits.maximumMessageBytes = 1_000 }) { connection in
      for await event in connection.events {
        if case .text(let text) = event { try await connection.send(.text(text)) }
        if case .error(let error) = event { errors.put(error) }
      }
    } body: { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(address)
      let longest = String(repeating: "x", count: 1_000)
      connection.send(text: longest)
      #expect(try await client.heard.next() == .text(longest))
      connection.send(text: longest + "x")
      guard case .closed(1009, _) = try await client.heard.next() else {
        Issue.record("not closed 1009")
        return
      }
      #expect(try await errors.next().code == .messageTooBig)
    }
  }

  @Test func `one connection too many is answered 503 with Retry-After, until one leaves`()
    async throws
  {
    let configuration = configured {
      $0.limits.maximumConnections = 2
      $0.limits.retryAfter = .milliseconds(1_500)
    }
    try await withServer(configuration) { _, address in
      let (_, first, _) = try await TestWebSocket.connect(address)
      let (client, _, _) = try await TestWebSocket.connect(address)
      let answer = try await http(upgradeRequest(), at: address)
      #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
      #expect(answer.contains("Retry-After: 2\r\n"))
      #expect(answer.contains("the server has its 2 connections"))
      first.close(code: 1000, reason: "")
      // Its place is free when its socket is closed, which this side cannot see.
      try await until { try await get("/ping", at: address).hasSuffix("pong") }
      withExtendedLifetime(client) {}
    }
  }

  @Test func `one address has its share`() async throws {
    try await withServer(configured { $0.limits.maximumConnectionsPerAddress = 1 }) { _, address in
      let (client, _, _) = try await TestWebSocket.connect(address)
      let answer = try await http(upgradeRequest(), at: address)
      #expect(answer.hasPrefix("HTTP/1.1 503 "))
      #expect(answer.contains("your address has its 1 connections"))
      withExtendedLifetime(client) {}
    }
  }

  @Test func `a handler that does not read holds its client back, and loses nothing`() async throws
  {
    let configuration = configured {
      $0.limits.inboundEvents = 8
      $0.limits.inboundBytes = 64 << 10
    }
    let gate = Mailbox<Void>()
    try await withServer(configuration) { connection in
      try await gate.next()
      let held = connection.state.withLock { ($0.inbound.isFull, $0.isReading) }
      #expect(held == (true, false))
      var count = 0
      for await event in connection.events {
        guard case .text(let text) = event else { continue }
        #expect(text.hasPrefix("\(count) "))
        count += 1
        if count == 1_000 { try await connection.send("all") }
      }
    } body: { server, address in
      let (client, connection, _) = try await TestWebSocket.connect(address)
      let padding = String(repeating: "x", count: 16 << 10)
      for index in 0..<1_000 { connection.send(text: "\(index) \(padding)") }
      let served = try #require(server.connections.first)
      try await until { served.state.withLock { !$0.isReading } }
      gate.put(())
      #expect(try await client.heard.next() == .text("all"))
    }
  }

  @Test func `a client that does not read holds its handler back, then is closed 4108`()
    async throws
  {
    let configuration = configured {
      $0.limits.sendBufferHighBytes = 256 << 10
      $0.limits.sendBufferLowBytes = 64 << 10
      $0.limits.stallTimeout = .milliseconds(300)
      $0.limits.closeTimeout = .milliseconds(100)
    }
    let outcome = Mailbox<(sent: Int, mostQueued: Int, error: String)>()
    try await withServer(configuration) { connection in
      let chunk = Message.text(String(repeating: "x", count: 16 << 10))
      var (sent, most) = (0, 0)
      do {
        while true {
          try await connection.send(chunk)
          sent += 16 << 10
          most = max(most, connection.state.withLock { $0.outbound.bytes })
        }
      } catch {
        outcome.put((sent, most, "\(error)"))
      }
    } body: { _, address in
      let client = try await RawClient.connect(address, reads: false)
      try await client.send(upgradeRequest())
      let result = try await outcome.next()
      // What the kernel's buffers hold, and the server's own, which stayed within bounds.
      #expect(result.sent < 32 << 20)
      #expect(result.mostQueued <= (256 << 10) + (16 << 10))
      #expect(result.error.contains("is clos"))
      await client.close()
    }
  }

  @Test func `a flood of messages that want acks from a client that reads none stops the reading`()
    async throws
  {
    let configuration = configured {
      $0.limits.sendBufferHighBytes = 4_096
      $0.limits.sendBufferLowBytes = 1_024
      $0.limits.stallTimeout = .milliseconds(300)
      $0.limits.closeTimeout = .milliseconds(100)
    }
    let end = Mailbox<(DisconnectReason?, Int)>()
    try await withServer(configuration) { connection in
      var most = 0
      for await _ in connection.events {
        most = max(most, connection.state.withLock { $0.outbound.bytes })
      }
      end.put((connection.disconnectReason, most))
    } body: { _, address in
      let client = try await RawClient.connect(address, reads: false)
      try await client.send(upgradeRequest(["Sec-WebSocket-Protocol: jsonProtocol"]))
      let text = Array(#"{"type":"ack_request","id":123456789012345,"content":"a"}"#.utf8)
      // Masked with zeros, which leaves the bytes as they are.
      let frame: [UInt8] = [0x81, 0x80 | UInt8(text.count), 0, 0, 0, 0] + text
      let flood = Task {
        let batch = Array(repeating: frame, count: 1_000).flatMap { $0 }
        while true { try await client.send(bytes: batch) }
      }
      let (reason, most) = try await end.next()
      #expect(reason?.code == .slowConsumer)
      // The high mark, and the acks of what one read brought.
      #expect(most < 256 << 10)
      await client.close()
      flood.cancel()
      _ = await flood.result
    }
  }

  @Test
  func `a client that says nothing is closed 1001 after the idle time, one that talks is not`()
    async throws
  {
    try await withServer(configured { $0.idleTimeout = .seconds(8) }) { _, address in
      // The talker comes first: if talking did not count, it would be the first to go.
      let (talker, connection, _) = try await TestWebSocket.connect(address)
      let (quiet, _, _) = try await TestWebSocket.connect(address)
      async let talk: Void = {
        while quiet.heard.count == 0 {
          connection.send(text: "x")
          try #require(try await talker.heard.next() == .text("x"))
          try await Task.sleep(for: .milliseconds(10))
        }
      }()
      try await talk
      #expect(try await quiet.heard.next() == .closed(1001, "idle"))
      connection.send(text: "still here")
      #expect(try await talker.heard.next() == .text("still here"))
      #expect(try await talker.heard.next() == .closed(1001, "idle"))
    }
  }

  @Test func `a client that does not answer pings is dropped`() async throws {
    let ends = Mailbox<DisconnectReason?>()
    let configuration = configured {
      $0.keepalive = KeepaliveSettings(
        pingAfter: .milliseconds(50), deadAfter: .milliseconds(100))
    }
    try await withServer(configuration) { connection in
      for await _ in connection.events {}
      ends.put(connection.disconnectReason)
    } body: { _, address in
      let client = try await RawClient.connect(address)
      try await client.send(upgradeRequest())
      let reason = try await ends.next()
      #expect(reason?.code == .abnormal)
      #expect(reason?.byPeer == false)
      await client.close()
    }
  }
}

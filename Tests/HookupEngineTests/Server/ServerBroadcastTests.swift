import HookupCore
import NIOCore
import Synchronization
import Testing

@testable import HookupEngine

/// simpleJson under another name, counting what it encodes.
private final class CountingFormat: WireFormat {
  let subprotocol: String
  let carriesAcks = false
  let encoded = Atomic(0)

  init(_ subprotocol: String) {
    self.subprotocol = subprotocol
  }

  func decode(_ frame: WireFrame) -> WireMessage { SimpleJSONFormat().decode(frame) }

  func encode(_ message: WireMessage) throws(HookupError) -> WireFrame {
    encoded.add(1, ordering: .relaxed)
    return try SimpleJSONFormat().encode(message)
  }
}

@Suite(.timeLimit(.minutes(1))) struct ServerBroadcastTests {
  @Test func `a broadcast is encoded once for each format and reaches those who are wanted`()
    async throws
  {
    let (one, two) = (CountingFormat("one"), CountingFormat("two"))
    var configuration = configured { _ in }
    configuration.subprotocols = try SubprotocolRegistry([one, two], default: "one")
    try await withServer(configuration) { connection in
      for await _ in connection.events {}
    } body: { server, address in
      var clients: [TestWebSocket] = []
      for index in 0..<10 {
        let (client, _, _) = try await TestWebSocket.connect(
          address, subprotocols: [index < 5 ? "one" : "two"])
        clients.append(client)
      }
      #expect(server.connections.count == 10)
      let excluded = try #require(server.connections.first { $0.subprotocol == "one" })
      let all = try await server.broadcast("all")
      let some = try await server.broadcast("some") { $0 != excluded }
      let twos = try await server.broadcast("twos") { $0.subprotocol == "two" }
      #expect([all.taken, some.taken, twos.taken] == [10, 9, 5])
      #expect(all.missed.isEmpty && some.missed.isEmpty)
      #expect(one.encoded.load(ordering: .relaxed) == 2)
      #expect(two.encoded.load(ordering: .relaxed) == 3)
      try await server.broadcast("end")
      for (index, client) in clients.enumerated() {
        var heard: [TestWebSocket.Heard] = []
        repeat { heard.append(try await client.heard.next()) } while heard.last != .text("end")
        if index >= 5 {
          #expect(heard == [.text("all"), .text("some"), .text("twos"), .text("end")])
        } else if heard.count == 2 {
          // The excluded one.
          #expect(heard == [.text("all"), .text("end")])
        } else {
          #expect(heard == [.text("all"), .text("some"), .text("end")])
        }
      }
    }
  }

  @Test func `a broadcast that wants acks has an id of its own in each connection`() async throws {
    try await withServer { connection in
      for await _ in connection.events {}
    } body: { server, address in
      let (one, _, _) = try await TestWebSocket.connect(address, subprotocols: ["jsonProtocol"])
      let first = try #require(server.connections.first)
      try await first.send(Message.text("before").needsAck())
      let (two, _, _) = try await TestWebSocket.connect(address, subprotocols: ["jsonProtocol"])
      let (plain, _, _) = try await TestWebSocket.connect(address)
      let outcome = try await server.broadcast(Message.text("all").needsAck())
      #expect(outcome.taken == 2)
      #expect(outcome.missed.count == 1)
      _ = try await one.heard.next()
      let content = #""content":{"type":"text","content":"all"}}"#
      #expect(try await one.heard.next() == .text(#"{"type":"ack_request","id":2,"# + content))
      #expect(try await two.heard.next() == .text(#"{"type":"ack_request","id":1,"# + content))
      try await server.broadcast("end")
      #expect(try await plain.heard.next() == .text("end"))
    }
  }

  @Test func `a full client is left out, or closed, and the others get all`() async throws {
    let configuration = configured {
      $0.limits.sendBufferHighBytes = 256 << 10
      $0.limits.sendBufferLowBytes = 16 << 10
      $0.limits.closeTimeout = .milliseconds(100)
    }
    let ends = Mailbox<DisconnectReason?>()
    try await withServer(configuration) { connection in
      for await _ in connection.events {}
      ends.put(connection.disconnectReason)
    } body: { server, address in
      let slow = try await RawClient.connect(address, reads: false)
      try await slow.send(upgradeRequest())
      try await until { !server.connections.isEmpty }
      let full = try #require(server.connections.first)
      let (quick, _, _) = try await TestWebSocket.connect(address)
      _ = try await fill(full, with: .text(String(repeating: "x", count: 32 << 10)))
      let skipped = try await server.broadcast("skip", whenFull: .skip)
      #expect(skipped == HookupServer.BroadcastOutcome(taken: 1, missed: [full.id]))
      #expect(try await quick.heard.next() == .text("skip"))
      let closed = try await server.broadcast("close", whenFull: .close)
      #expect(closed == skipped)
      #expect(try await quick.heard.next() == .text("close"))
      #expect(try await ends.next()?.code == .slowConsumer)
      await slow.close()
    }
  }

  @Test func `a broadcast that waits reaches a client that was slow for a while`() async throws {
    let configuration = configured {
      $0.limits.sendBufferHighBytes = 64 << 10
      $0.limits.sendBufferLowBytes = 16 << 10
    }
    try await withServer(configuration) { connection in
      for await _ in connection.events {}
    } body: { server, address in
      let slow = try await RawClient.connect(address, reads: false)
      try await slow.send(upgradeRequest())
      try await until { !server.connections.isEmpty }
      let full = try #require(server.connections.first)
      let chunk = String(repeating: "x", count: 32 << 10)
      let count = try await fill(full, with: .text(chunk))
      async let last = server.broadcast("the last")
      try await until { full.state.withLock { !$0.writers.isEmpty } }
      try await slow.startReading()
      #expect(try await last.taken == 1)
      let all = try await slow.read(until: "the last")
      #expect(all.utf8.count { $0 == UInt8(ascii: "x") } >= count * chunk.utf8.count)
      await slow.close()
    }
  }
}

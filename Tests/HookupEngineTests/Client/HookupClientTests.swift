import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1)))
struct HookupClientTests {
  @Test func `a message goes out, is acked and comes back`() async throws {
    try await withServer(handler: echo) { address in
      try await withHookupClient(address.url) { client in
        var events = client.events.makeAsyncIterator()
        let receipt = try await client.send(.text("hello").needsAck())
        #expect(receipt.sequence == 1)
        #expect(try await next(&events) { $0.acknowledged } == 1)
        #expect(try await next(&events) { $0.text } == "hello")
      }
    }
  }

  @Test func `what is sent before there is a server goes out in order when there is one`()
    async throws
  {
    let port = try await freePort()
    try await withHookupClient("ws://127.0.0.1:\(port)/", configuration: .quick) { client in
      for number in 0..<100 { try await client.send(.text("\(number)").needsAck()) }
      #expect(await client.snapshot().backlog.messages == 100)
      try await withServer(port: port, handler: echo) { _ in
        var events = client.events.makeAsyncIterator()
        var echoed: [String] = []
        while echoed.count < 100 { echoed.append(try await next(&events) { $0.text }) }
        #expect(echoed == (0..<100).map(String.init))
      }
    }
  }

  @Test func `the file buffer carries messages from one client to the next`() async throws {
    try await withTemporaryDirectory { directory in
      let port = try await freePort()
      var configuration = ClientConfiguration.quick
      configuration.buffer = .file(directory: directory)
      let settled = configuration
      let url = "ws://127.0.0.1:\(port)/"
      try await withHookupClient(url, configuration: settled) { client in
        let outcomes = try await client.send(
          contentsOf: (0..<50).map { Message.text("\($0)").needsAck() })
        let sequences = try outcomes.map { try $0.get().sequence }
        #expect(sequences == Array(1...50))
      }
      try await withServer(port: port, handler: echo) { _ in
        try await withHookupClient(url, configuration: settled) { client in
          #expect(try await client.pendingMessages(limit: 9).map(\.sequence) == Array(1...9))
          var events = client.events.makeAsyncIterator()
          var echoed: [String] = []
          while echoed.count < 50 { echoed.append(try await next(&events) { $0.text }) }
          #expect(echoed == (0..<50).map(String.init))
          while await client.snapshot().backlog.messages > 0 {
            _ = try await next(&events) { $0.acknowledged }
          }
        }
        try await withHookupClient(url, configuration: settled) { client in
          #expect(await client.snapshot().backlog.messages == 0, "acked ones do not come back")
          let receipt = try await client.send("next")
          #expect(receipt.sequence == 51, "numbers are never used again")
        }
      }
    }
  }

  @Test func `a second client on the same directory is told who has it`() async throws {
    try await withTemporaryDirectory { directory in
      var configuration = ClientConfiguration()
      configuration.buffer = .file(directory: directory)
      let first = try HookupClient("ws://127.0.0.1:1/", configuration: configuration)
      let error = #expect(throws: HookupError.self) {
        _ = try HookupClient("ws://127.0.0.1:1/", configuration: configuration)
      }
      #expect(error?.code == .locked)
      #expect(error?.message.contains(directory) == true)
      _ = first
    }
  }

  @Test func `an unacked message is sent again on the next connection until it is acked`()
    async throws
  {
    let seen = Seen()
    // Drops the first two connections as soon as the message has come, without an ack.
    let handler: @Sendable (ServerConnection) async throws -> Void = { connection in
      for await event in connection.events {
        guard case .request(let content, let acknowledgement) = event else { continue }
        if await seen.add(content) < 3 { return connection.close(.goingAway) }
        acknowledgement.confirm()
      }
    }
    try await withServer {
      $0.acknowledgements = .byHandler
    } handler: {
      try await handler($0)
    } _: { address in
      try await withHookupClient(address.url, configuration: .quick) { client in
        var events = client.events.makeAsyncIterator()
        try await client.send(.text("once more").needsAck())
        #expect(try await next(&events) { $0.acknowledged } == 1)
        #expect(await seen.count == 3)
      }
    }
  }

  @Test func `reconnection counts its attempts and ends at the maximum`() async throws {
    let port = try await freePort()
    var configuration = ClientConfiguration.quick
    configuration.reconnect.attempts = .maximum(2)
    let client = try HookupClient(
      "ws://127.0.0.1:\(port)/", configuration: configuration, logger: .quiet)
    let error = await #expect(throws: HookupError.self) { try await client.run() }
    #expect(error?.code == .connectFailed)
    var attempts: [Int] = []
    for await event in client.events { if let attempt = event.attempt { attempts.append(attempt) } }
    #expect(attempts == [1, 2])
    let late = await #expect(throws: HookupError.self) { try await client.send("late") }
    #expect(late?.code == .closed)
  }

  @Test func `without a buffer send says that there is no connection`() async throws {
    let port = try await freePort()
    var configuration = ClientConfiguration.quick
    configuration.buffer = .none
    try await withHookupClient("ws://127.0.0.1:\(port)/", configuration: configuration) { client in
      let error = await #expect(throws: HookupError.self) { try await client.send("now") }
      #expect(error?.code == .notConnected)
    }
  }

  @Test func `cancelling run closes politely and lets go of the directory`() async throws {
    try await withTemporaryDirectory { directory in
      var configuration = ClientConfiguration.quick
      configuration.buffer = .file(directory: directory)
      let settled = configuration
      let reasons = Seen()
      try await withServer { connection in
        for await event in connection.events {
          if case .disconnected(let reason) = event {
            _ = await reasons.add(.text("\(reason.code)"))
          }
        }
      } _: { address in
        let client = try HookupClient(address.url, configuration: settled, logger: .quiet)
        let running = Task { try await client.run() }
        var events = client.events.makeAsyncIterator()
        _ = try await next(&events) { $0.isConnected }
        running.cancel()
        try await running.value
        _ = try HookupClient(address.url, configuration: settled, logger: .quiet)
      }
      #expect(await reasons.contents == [.text("1000")])
    }
  }

  @Test func `a server without our subprotocol is refused, or spoken to plainly by configuration`()
    async throws
  {
    let plainOnly = try SubprotocolRegistry([SimpleJSONFormat()], default: "simpleJson")
    try await withServer {
      $0.subprotocols = plainOnly
    } handler: {
      try await echo($0)
    } _: { address in
      let client = try HookupClient(address.url, logger: .quiet)
      let error = await #expect(throws: HookupError.self) { try await client.run() }
      #expect(error?.code == .handshakeFailed)

      var plain = ClientConfiguration.quick
      plain.formats = []
      try await withHookupClient(address.url, configuration: plain) { client in
        var events = client.events.makeAsyncIterator()
        try await client.send(.text("plain"))
        #expect(try await next(&events) { $0.text } == "plain")
        let error = await #expect(throws: HookupError.self) {
          try await client.send(.text("x").needsAck())
        }
        #expect(error?.code == .invalidArgument)
      }
    }
  }

  @Test func `a slow reader slows the server down and loses nothing`() async throws {
    let total = 3_000
    try await withServer { connection in
      for number in 0..<total {
        try await connection.send(.text("\(number) " + String(repeating: "x", count: 1_000)))
      }
      for await _ in connection.events {}
    } _: { address in
      var configuration = ClientConfiguration.quick
      configuration.maximumQueuedEvents = 8
      try await withHookupClient(address.url, configuration: configuration) { client in
        var events = client.events.makeAsyncIterator()
        for number in 0..<total {
          let text = try await next(&events) { $0.text }
          #expect(text.hasPrefix("\(number) "))
          if number % 500 == 0 { _ = await client.snapshot() }
        }
      }
    }
  }

  @Test func `drained returns when all is acked, and throws when the client ends before`()
    async throws
  {
    let port = try await freePort()
    let url = "ws://127.0.0.1:\(port)/"
    try await withHookupClient(url, configuration: .quick) { client in
      try await client.drained()
      try await client.send(.text("a").needsAck())
      let waiting = Task { try await client.drained() }
      try await withServer(port: port, handler: echo) { _ in try await waiting.value }
      #expect(await client.snapshot().backlog.messages == 0)
    }
    let client = try HookupClient(url, configuration: .quick, logger: .quiet)
    try await client.send("kept")
    let running = Task { try await client.run() }
    let waiting = Task { try await client.drained() }
    client.close()
    let error = await #expect(throws: HookupError.self) { try await waiting.value }
    #expect(error?.code == .closed)
    try await running.value
  }

  @Test func `one's own wire format is spoken on both sides, acks and all`() async throws {
    let registry = try SubprotocolRegistry([ColonFormat()], default: "colon")
    try await withServer {
      $0.subprotocols = registry
    } handler: {
      try await echo($0)
    } _: { address in
      var configuration = ClientConfiguration.quick
      configuration.formats = [ColonFormat()]
      try await withHookupClient(address.url, configuration: configuration) { client in
        var events = client.events.makeAsyncIterator()
        #expect(try await next(&events) { $0.subprotocol } == "colon")
        try await client.send(.text("a:b").needsAck())
        #expect(try await next(&events) { $0.acknowledged } == 1)
        #expect(try await next(&events) { $0.text } == "a:b")
      }
    }
  }

  @Test(arguments: ["http://x/", "ws://", "nonsense", "ws://host:99999/"])
  func `a bad URL is named in the error`(url: String) {
    let error = #expect(throws: HookupError.self) { _ = try HookupClient(url) }
    #expect(error?.code == .invalidArgument)
  }
}

/// A wire format of a program's own: `m::text`, `q:ID:text`, `a:ID:`.
private struct ColonFormat: WireFormat {
  let subprotocol = "colon"
  let carriesAcks = true

  func decode(_ frame: WireFrame) -> WireMessage {
    switch frame {
    case .binary(let bytes): return .message(.binary(bytes))
    case .text(let bytes):
      let text = String(buffer: bytes)
      let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return .message(.text(text)) }
      switch (parts[0], UInt64(parts[1])) {
      case ("q", let id?): return .ackRequest(id: id, .text(String(parts[2])))
      case ("a", let id?): return .ack(id: id)
      default: return .message(.text(String(parts[2])))
      }
    }
  }

  func encode(_ message: WireMessage) throws(HookupError) -> WireFrame {
    switch message {
    case .message(.text(let text)): .text(ByteBuffer(string: "m::\(text)"))
    case .ackRequest(let id, .text(let text)): .text(ByteBuffer(string: "q:\(id):\(text)"))
    case .ack(let id): .text(ByteBuffer(string: "a:\(id):"))
    default: throw HookupError(.invalidArgument, "colon carries text only")
    }
  }
}

/// What a server's handlers have seen, across connections.
actor Seen {
  private(set) var contents: [Message.Content] = []
  var count: Int { contents.count }

  func add(_ content: Message.Content) -> Int {
    contents.append(content)
    return contents.count
  }
}

/// A port on which nobody listens, and which the system gives to nobody by itself: below the range that it draws from for
/// outgoing connections and for port 0, where another test would soon have it.
func freePort() async throws -> Int {
  while true {
    let candidate = Int.random(in: 20_000..<32_000)
    do {
      return try await withServer(port: candidate, handler: echo) { $0.port }
    } catch let error as HookupError where error.code == .bindFailed {
      continue
    }
  }
}

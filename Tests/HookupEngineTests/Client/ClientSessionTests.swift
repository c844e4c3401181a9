import HookupCore
import Testing

@testable import HookupEngine

/// `hookup.resume.v1` between a real client and a real server.
@Suite(.timeLimit(.minutes(2)))
struct ClientSessionTests {
  /// What a handler has taken: the text, and whether it may have been delivered before.
  private typealias Taken = Mailbox<(text: String, isRedelivered: Bool)>

  private static func sessions(
    _ store: any SessionStore
  ) -> (inout ServerConfiguration) -> Void {
    {
      $0.sessions = SessionOptions(store: store)
      $0.acknowledgements = .byHandler
    }
  }

  private static func handler(
    _ taken: Taken, refusing refused: String? = nil
  ) -> @Sendable (ServerConnection) async throws -> Void {
    { connection in
      for await event in connection.events {
        guard case .request(.text(let text), let acknowledgement) = event else { continue }
        if text == refused {
          acknowledgement.refuse("no \(text)")
        } else {
          taken.put((text, acknowledgement.delivery?.isRedelivered == true))
          acknowledgement.confirm()
        }
      }
    }
  }

  private static var configuration: ClientConfiguration {
    var configuration = ClientConfiguration.quick
    configuration.formats = [ResumeFormat()]
    return configuration
  }

  /// The same with what waits in files.
  private static func configuration(keptIn directory: String) -> ClientConfiguration {
    var kept = configuration
    kept.buffer = .file(directory: directory)
    return kept
  }

  @Test func `a send is delivered when the server has committed it`() async throws {
    let taken = Taken()
    try await withServer(
      Self.sessions(MemorySessionStore()), handler: Self.handler(taken, refusing: "bad")
    ) { address in
      try await withHookupClient(address.url, configuration: Self.configuration) { client in
        let first = try await client.send("one")
        let bad = try await client.send("bad")
        let last = try await client.send("two")
        try await client.delivered(last)
        try await client.delivered(first)
        let refusal = await #expect(throws: HookupError.self) { try await client.delivered(bad) }
        #expect(refusal?.message.contains("no bad") == true)
        #expect(await client.snapshot().backlog.messages == 0)
      }
    }
    #expect(try await taken.next().text == "one")
    #expect(try await taken.next().text == "two")
    #expect(taken.count == 0)
  }

  @Test
  func
    `a server that is stopped and started again gets every message in order, and marks what comes twice`()
    async throws
  {
    let taken = Taken()
    let store = MemorySessionStore()
    let port = try await freePort()
    let configuration = Self.configuration
    try await withHookupClient("ws://127.0.0.1:\(port)/", configuration: configuration) { client in
      var texts: [String] = []
      var doubles = 0
      for round in 0..<6 {
        let messages = (0..<200).map { Message.text("\(round * 200 + $0)") }
        let receipt = try await client.send(contentsOf: messages).last?.get()
        // It ends somewhere in the middle, wherever that is.
        var heard = try await withServer(
          port: port, Self.sessions(store), handler: Self.handler(taken)
        ) { _ in
          var first: [(text: String, isRedelivered: Bool)] = []
          client.reconnect()
          for _ in 0..<50 { first.append(try await taken.next()) }
          if round == 5, let receipt { try await client.delivered(receipt) }
          return first
        }
        while taken.count > 0 { heard.append(try await taken.next()) }
        // This handler's effect is not committed together with its number: what it took before its server ended may come again.
        for (text, isRedelivered) in heard {
          if texts.contains(text) {
            doubles += 1
            #expect(isRedelivered, "\(text)")
          } else {
            texts.append(text)
          }
        }
      }
      let isWhole = texts == (0..<1_200).map(String.init)
      #expect(isWhole, "\(texts.count) messages, \(doubles) twice")
    }
  }

  @Test func `a client that comes back from its files goes on with its session`() async throws {
    let taken = Taken()
    try await withTemporaryDirectory { directory in
      let kept = Self.configuration(keptIn: directory)
      let port = try await freePort()
      let url = "ws://127.0.0.1:\(port)/"
      let server = Self.sessions(MemorySessionStore())
      for round in 0..<3 {
        try await withHookupClient(url, configuration: kept) { client in
          let outcomes = try await client.send(
            contentsOf: (0..<20).map { .text("\(round * 20 + $0)") })
          #expect(try outcomes.last?.get().sequence == UInt64(round * 20 + 20))
        }
      }
      try await withServer(port: port, server, handler: Self.handler(taken)) { _ in
        try await withHookupClient(url, configuration: kept) { try await $0.drained() }
        // Once more: a new process, a new dial, the same session.
        try await withHookupClient(url, configuration: kept) { client in
          try await client.delivered(try await client.send("60"))
        }
      }
    }
    for number in 0...60 { #expect(try await taken.next().text == "\(number)") }
    #expect(taken.count == 0)
  }

  @Test func `a message that waits is withdrawn, is never delivered, and stays so over a restart`()
    async throws
  {
    let taken = Taken()
    try await withTemporaryDirectory { directory in
      let kept = Self.configuration(keptIn: directory)
      let port = try await freePort()
      try await withHookupClient("ws://127.0.0.1:\(port)/", configuration: kept) { client in
        var receipts: [SendReceipt] = []
        for text in ["one", "two", "three"] {
          receipts.append(try await client.send(.text(text)))
        }
        try await client.withdraw(receipts[1])
        let again = await #expect(throws: HookupError.self) {
          try await client.withdraw(receipts[1])
        }
        #expect(again?.code == .refused)
        let gone = await #expect(throws: HookupError.self) {
          try await client.delivered(receipts[1])
        }
        #expect(gone?.message.contains("withdrawn") == true)
        #expect(try await client.pendingMessages().map(\.sequence) == [1, 3])
        #expect(await client.snapshot().backlog.messages == 2)
        for await event in client.events {
          if case .withdrawn(let sequence) = event {
            #expect(sequence == 2)
            break
          }
        }
      }
      try await withServer(
        port: port, Self.sessions(MemorySessionStore()), handler: Self.handler(taken)
      ) { _ in
        try await withHookupClient("ws://127.0.0.1:\(port)/", configuration: kept) { client in
          #expect(try await client.pendingMessages().map(\.sequence).contains(2) == false)
          try await client.delivered(try await client.send("four"))
          #expect(await client.snapshot().backlog.messages == 0)
          let late = await #expect(throws: HookupError.self) {
            try await client.withdraw(SendReceipt(sequence: 3))
          }
          #expect(late?.message.contains("has left the outbox") == true)
        }
      }
      for text in ["one", "three", "four"] { #expect(try await taken.next().text == text) }
      #expect(taken.count == 0)
    }
  }

  @Test func `what a crash brings back from before the numbering is settled again, not sent`()
    async throws
  {
    let taken = Taken()
    try await withTemporaryDirectory { directory in
      let outbox = try FileOutbox.open(directory: directory)
      let entries = (1...3).map { OutboxEntry(sequence: UInt64($0), message: .text("\($0)")) }
      #expect(await outbox.append(entries).isSuccess)
      let identity = try ClientIdentityFile.open(directory: directory)
      let outboxEpoch = outbox.epoch
      await withCheckedContinuation { continuation in
        identity.renew {
          $0.epoch = 5
          $0.base = 2
          $0.outboxEpoch = outboxEpoch
        } completion: { _ in
          continuation.resume()
        }
      }
      await withCheckedContinuation { continuation in identity.close { continuation.resume() } }
      await outbox.close()
      let kept = Self.configuration(keptIn: directory)
      try await withServer(
        Self.sessions(MemorySessionStore()), handler: Self.handler(taken)
      ) { address in
        try await withHookupClient(address.url, configuration: kept) { client in
          try await client.drained()
          let left = try await client.pendingMessages()
          #expect(left.isEmpty)
        }
      }
    }
    #expect(try await taken.next().text == "3")
    #expect(taken.count == 0)
  }

  @Test func `without a common subprotocol nothing is downgraded in silence`() async throws {
    try await withServer(handler: echo) { address in
      var configuration = Self.configuration
      configuration.reconnect = .never
      let fixed = configuration
      let error = await #expect(throws: HookupError.self) {
        try await withHookupClient(address.url, configuration: fixed) { client in
          for await _ in client.events {}
        }
      }
      #expect(error?.code == .handshakeFailed || error?.code == .closed)
    }
  }
}

import HookupCore
import Testing

@testable import HookupEngine

/// What clients hear of a server that stops.
@Suite(.timeLimit(.minutes(1))) struct ServerDrainTests {
  func sessions(_ change: (inout ServerConfiguration) -> Void = { _ in }) -> ServerConfiguration {
    configured {
      $0.sessions = SessionOptions(store: MemorySessionStore())
      change(&$0)
    }
  }

  func peers(_ count: Int, at address: ServerAddress) async throws -> [SessionPeer] {
    var peers: [SessionPeer] = []
    for number in 1...count {
      let client = SessionID(high: 0xC, low: UInt64(number))
      peers.append(try await SessionPeer.resume(address, client: client).peer)
    }
    return peers
  }

  /// The windows that the peers are asked to come back in, the earliest first; each is then closed with 4112.
  func windows(_ peers: [SessionPeer]) async throws -> [ClosedRange<Int>?] {
    var windows: [ClosedRange<Int>?] = []
    for peer in peers {
      guard case .frame(.bye(let bye)) = try await peer.next() else {
        throw HookupError(.protocolViolation, "no bye")
      }
      #expect(bye.resumes)
      #expect(bye.reason == "restarting")
      windows.append(bye.after)
      #expect(try await peer.next() == .closed(4_112))
    }
    return windows.sorted { ($0?.lowerBound ?? 0) < ($1?.lowerBound ?? 0) }
  }

  @Test func `each client of a session has a time of its own to come back`() async throws {
    try await withServer(sessions()) { server, address in
      let peers = try await peers(5, at: address)
      server.shutDown()
      #expect(
        try await windows(peers) == [
          1_000...1_010, 1_010...1_020, 1_020...1_030, 1_030...1_040, 1_040...1_050,
        ])
    }
  }

  @Test func `a drain takes all of its window, however few they are`() async throws {
    let configuration = sessions { $0.restartTime = .milliseconds(500) }
    try await withServer(configuration) { server, address in
      let peers = try await peers(2, at: address)
      server.drain(over: .seconds(60))
      // The first word counts.
      server.drain(over: .zero)
      #expect(try await windows(peers) == [500...30_500, 30_500...60_500])
    }
  }

  @Test func `without a window they come back when they like`() async throws {
    try await withServer(sessions { $0.drainWindow = .zero }) { server, address in
      let peers = try await peers(2, at: address)
      server.shutDown()
      #expect(try await windows(peers) == [nil, nil])
    }
  }

  @Test func `who has not said hello is told nothing, and who has no session goes as before`()
    async throws
  {
    try await withServer(sessions()) { server, address in
      let silent = try await SessionPeer.connect(address)
      let (plain, _, _) = try await TestWebSocket.connect(address)
      try await until { server.connections.count == 2 }
      server.shutDown()
      #expect(try await silent.next() == .closed(4_112))
      #expect(try await plain.heard.next() == .closed(1_001, "going away"))
    }
  }

  @Test func `what is committed is acked before the bye`() async throws {
    let store = MemorySessionStore()
    let configuration = sessions { $0.sessions = SessionOptions(store: store) }
    try await withServer(configuration) { server, address in
      let (peer, _) = try await SessionPeer.resume(address)
      try peer.say(1...3)
      try await until {
        await store.memory(of: SessionPeer.client, epoch: 7).what == .committed(3, tag: 3)
      }
      server.shutDown()
      #expect(try await peer.acked(through: 3))
      _ = try await windows([peer])
    }
  }

  @Test func `a client comes back by itself, and what was said meanwhile arrives once`()
    async throws
  {
    let store = MemorySessionStore()
    let said = Mailbox<String>()
    let handler: @Sendable (ServerConnection) async throws -> Void = { connection in
      for await event in connection.events {
        if case .text(let text) = event { said.put(text) }
      }
    }
    var settings = ClientConfiguration()
    settings.formats = [ResumeFormat()]
    settings.buffer = .memory
    var port = 0
    var client: HookupClient?
    var running: Task<Void, any Error>?
    for round in 1...2 {
      let started = Mailbox<ServerAddress>()
      var configuration = sessions {
        $0.sessions = SessionOptions(store: store)
        $0.restartTime = .milliseconds(50)
        $0.drainWindow = .milliseconds(100)
      }
      configuration.port = port
      configuration.onStart = { started.put($0) }
      let server = HookupServer(configuration: configuration, handler: handler)
      let run = Task { try await server.run() }
      let address = try await started.next()
      port = address.port
      if client == nil {
        let made = try HookupClient(address.url, configuration: settings)
        client = made
        running = Task { try await made.run() }
      }
      try await client?.send(.text("during \(round)"))
      // In the second round what was said between the two comes first.
      if round == 2 { #expect(try await said.next() == "between") }
      #expect(try await said.next() == "during \(round)")
      server.shutDown()
      try await run.value
      if round == 1 { try await client?.send(.text("between")) }
    }
    #expect(said.count == 0)
    client?.close()
    _ = try? await running?.value
  }

  @Test func `times that no client heeds are refused`() {
    let changes: [(String, @Sendable (inout ServerConfiguration) -> Void)] = [
      ("drainWindow", { $0.drainWindow = .seconds(601) }),
      ("drainWindow", { $0.drainWindow = .seconds(-1) }),
      ("restartTime", { $0.restartTime = .seconds(601) }),
    ]
    for (name, change) in changes {
      #expect {
        try configured(change).validate()
      } throws: {
        ($0 as? HookupError)?.message.contains(name) == true
      }
    }
  }
}

import HookupCore
import Testing

@testable import HookupEngine

/// What a server sends to sessions, with real clients over real sockets.
@Suite(.timeLimit(.minutes(1))) struct SessionReplayTests {
  /// A server with sessions; each connection's session, and what its handler sees but messages.
  struct Hosted: Sendable {
    let server: HookupServer
    let address: ServerAddress
    let sessions: Mailbox<ServerSession>
    let events: Mailbox<ServerEvent>
  }

  func hosting<Result: Sendable>(
    _ replay: SessionReplay, port: Int = 0, files: any FileLayer = SystemFiles(),
    store: any SessionStore = MemorySessionStore(),
    configure: (inout ServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (Hosted) async throws -> Result
  ) async throws -> Result {
    var options = SessionOptions(store: store)
    options.replay = replay
    options.files = files
    var configuration = ServerConfiguration(port: port)
    configuration.sessions = options
    configuration.shutdownTimeout = .seconds(2)
    configuration.limits.closeTimeout = .seconds(1)
    configure(&configuration)
    let (started, sessions, events) = (
      Mailbox<ServerAddress>(), Mailbox<ServerSession>(), Mailbox<ServerEvent>()
    )
    configuration.onStart = { started.put($0) }
    let server = HookupServer(configuration: configuration, logger: .quiet) { connection in
      if let session = connection.session { sessions.put(session) }
      for await event in connection.events { events.put(event) }
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let result = try await body(
        Hosted(
          server: server, address: try await started.next(), sessions: sessions, events: events))
      server.shutDown()
      try await group.waitForAll()
      return result
    }
  }

  static func configuration(_ directory: String? = nil) -> ClientConfiguration {
    var configuration = ClientConfiguration.quick
    configuration.formats = [ResumeFormat()]
    if let directory { configuration.buffer = .file(directory: directory) }
    return configuration
  }

  static func limits(_ change: (inout ReplayLimits) -> Void) -> ReplayLimits {
    var limits = ReplayLimits()
    change(&limits)
    return limits
  }

  /// The next `count` numbered messages, confirmed; no break of the session among them.
  static func take(
    _ count: Int, _ events: inout ClientEvents.AsyncIterator,
    each: (Int) -> Void = { _ in }
  ) async throws -> [String] {
    var texts: [String] = []
    while texts.count < count, let event = await events.next() {
      switch event {
      case .delivery(let delivery):
        if case .text(let text) = delivery.content { texts.append(text) }
        delivery.confirm()
        each(texts.count)
      case .broken(let what): throw HookupError(.protocolViolation, what.message)
      default: break
      }
    }
    return texts
  }

  static func broken(_ events: inout ClientEvents.AsyncIterator) async throws -> SessionBreak {
    try await next(&events) { event -> SessionBreak?? in
      switch event {
      case .broken(let what): .some(what)
      case .delivery: .some(nil)
      default: nil
      }
    } ?? .lost(0...0)
  }

  @Test(arguments: [false, true])
  func `a thousand messages over a connection that is cut again and again arrive once and in order`(
    inJournal: Bool
  ) async throws {
    try await withTemporaryDirectory { directory in
      let replay: SessionReplay =
        inJournal ? .journal(directory: "\(directory)/replay") : .memory()
      let expected = (1...1_000).map { "m\($0)" }
      // A small window, so that each cut finds something on its way.
      try await hosting(replay, configure: { $0.limits.messagesInFlight = 50 }) { hosted in
        let configuration = Self.configuration("\(directory)/client")
        try await withHookupClient(hosted.address.url, configuration: configuration, logger: .quiet)
        { client in
          let session = try await hosted.sessions.next()
          async let last = {
            var last: SendReceipt?
            for text in expected { last = try await session.send(.text(text)) }
            return last
          }()
          var events = client.events.makeAsyncIterator()
          let texts = try await Self.take(1_000, &events) { count in
            guard count % 90 == 0 else { return }
            for connection in hosted.server.connections { connection.abort() }
          }
          #expect(texts == expected)
          let receipt = try #require(try await last)
          #expect(receipt.sequence == 1_000)
          try await session.delivered(receipt)
          #expect(session.backlog.messages == 0)
          #expect(hosted.sessions.count > 3)
        }
      }
    }
  }

  @Test func `a ring is lost with the server: its client is told, and goes on`() async throws {
    let port = try await freePort()
    let client = try HookupClient(
      "ws://127.0.0.1:\(port)/", configuration: Self.configuration(), logger: .quiet)
    async let running: Void = client.run()
    try await hosting(.memory(), port: port) { hosted in
      let session = try await hosted.sessions.next()
      for text in ["a", "b"] { try await session.send(.text(text)) }
      var events = client.events.makeAsyncIterator()
      #expect(try await Self.take(2, &events) == ["a", "b"])
      try await session.delivered(SendReceipt(sequence: 2))
      client.goOffline()
      try await until { !session.isConnected }
      try await session.send("lost with the process")
    }
    try await hosting(.memory(), port: port) { hosted in
      client.reconnect()
      let session = try await hosted.sessions.next()
      try await session.send("c")
      var events = client.events.makeAsyncIterator()
      #expect(try await Self.broken(&events) == .restarted(last: 2))
      #expect(try await Self.take(1, &events) == ["c"])
      try await session.delivered(SendReceipt(sequence: 1))
    }
    client.close()
    try await running
  }

  /// How a server's process ends.
  enum Death: Sendable {
    case kill
    case powerLoss(seed: UInt64)
    case stop
  }

  @Test(arguments: [
    Death.kill, .powerLoss(seed: 1), .powerLoss(seed: 2), .powerLoss(seed: 3), .stop,
  ])
  func `a journal survives the server's process, and everything arrives once and in order`(
    death: Death
  ) async throws {
    let port = try await freePort()
    let client = try HookupClient(
      "ws://127.0.0.1:\(port)/", configuration: Self.configuration(), logger: .quiet)
    async let running: Void = client.run()
    // One reader all the time: what it has taken and not shown is not given to another.
    let heard = Mailbox<String>()
    let reading = Task {
      for await event in client.events {
        switch event {
        case .delivery(let delivery):
          if case .text(let text) = delivery.content { heard.put(text) }
          delivery.confirm()
        case .broken(let what): heard.put(what.message)
        default: break
        }
      }
    }
    @Sendable func hear(_ range: ClosedRange<Int>) async throws {
      for number in range { #expect(try await heard.next() == "m\(number)") }
    }
    let (files, replay) = (SimulatedFiles(), SessionReplay.journal(directory: "/replay"))
    let survivors = try await hosting(replay, port: port, files: files) { hosted in
      let session = try await hosted.sessions.next()
      for number in 1...20 { try await session.send(.text("m\(number)")) }
      try await hear(1...20)
      client.goOffline()
      try await until { !session.isConnected }
      for number in 21...30 { try await session.send(.text("m\(number)")) }
      return switch death {
      case .kill: files.afterKill()
      case .powerLoss(let seed): files.afterCrash(seed: seed)
      case .stop: SimulatedFiles?.none
      }
    }
    // A stopped server has given its locks back; of a dead one nothing is left that could hold them.
    try await hosting(replay, port: port, files: survivors ?? files) { hosted in
      client.reconnect()
      let session = try await hosted.sessions.next()
      let receipt = try await session.send("m31")
      #expect(receipt.sequence == 31)
      try await hear(21...31)
      try await session.delivered(receipt)
      #expect(heard.count == 0)
    }
    client.close()
    try await running
    await reading.value
  }

  @Test func `a full ring refuses, or lets send wait for the client, as it is told to`()
    async throws
  {
    for whenFull in [ReplayLimits.WhenFull.fail, .wait] {
      let limits = Self.limits {
        $0.maximumMessages = 2
        $0.whenFull = whenFull
      }
      try await hosting(.memory(limits)) { hosted in
        try await withHookupClient(
          hosted.address.url, configuration: Self.configuration(), logger: .quiet
        ) { client in
          let session = try await hosted.sessions.next()
          client.goOffline()
          try await until { !session.isConnected }
          for text in ["a", "b"] { #expect(try session.trySend(.text(text))) }
          #expect(try !session.trySend("no room"))
          let third = Task { try await session.send("c") }
          if whenFull == .fail {
            let error = await #expect(throws: HookupError.self) { try await third.value }
            #expect(error?.code == .bufferFull)
          } else {
            try await until { session.state.withLock { $0.desk.submissions.count == 1 } }
          }
          client.reconnect()
          var events = client.events.makeAsyncIterator()
          let expected = whenFull == .fail ? ["a", "b"] : ["a", "b", "c"]
          #expect(try await Self.take(expected.count, &events) == expected)
          if whenFull == .wait { #expect(try await third.value.sequence == 3) }
        }
      }
    }
  }

  @Test func `without a replay a message that wants an ack is refused, and the setting named`()
    async throws
  {
    try await hosting(.none) { hosted in
      try await withHookupClient(
        hosted.address.url, configuration: Self.configuration(), logger: .quiet
      ) { _ in
        let session = try await hosted.sessions.next()
        let connection = try #require(hosted.server.connections.first)
        for send in [
          { try await connection.send(Message.text("x").needsAck()) as Any },
          { try await session.send("x") as Any },
        ] {
          let error = await #expect(throws: HookupError.self) { _ = try await send() }
          #expect(error?.code == .invalidArgument)
          #expect(error?.message.contains("SessionOptions.replay") == true)
        }
      }
    }
  }

  @Test func `whichever way a message is sent to a session, it has its place among the others`()
    async throws
  {
    try await hosting(.memory()) { hosted in
      try await withHookupClient(
        hosted.address.url, configuration: Self.configuration(), logger: .quiet
      ) {
        client in
        let session = try await hosted.sessions.next()
        let connection = try #require(hosted.server.connections.first)
        #expect(try await connection.send("1") == nil)
        #expect(try await hosted.server.broadcast("2").taken == 1)
        #expect(try connection.trySend("3"))
        #expect(try await connection.send(Message.text("4").needsAck()) == 4)
        connection.abort()
        await connection.waitUntilClosed()
        // The connection is over, the session is not.
        try await connection.send("5")
        #expect(hosted.server.session(session.client) === session)
        var events = client.events.makeAsyncIterator()
        #expect(try await Self.take(5, &events) == ["1", "2", "3", "4", "5"])
        while true {
          if case .acknowledged(let number) = try await hosted.events.next() {
            #expect(number == 4)
            break
          }
        }
      }
    }
  }

  @Test func `an ack that is overdue is told with its message, which arrives all the same`()
    async throws
  {
    try await hosting(.memory()) { hosted in
      try await withHookupClient(
        hosted.address.url, configuration: Self.configuration(), logger: .quiet
      ) {
        client in
        let session = try await hosted.sessions.next()
        let receipt = try await session.send(
          Message.text("slow").needsAck(within: .milliseconds(20)))
        while true {
          guard case .ackFailed(let message) = try await hosted.events.next() else { continue }
          #expect(message.content == .text("slow"))
          break
        }
        var events = client.events.makeAsyncIterator()
        #expect(try await Self.take(1, &events) == ["slow"])
        try await session.delivered(receipt)
      }
    }
  }

  @Test func `a session whose client is away too long is let go, and the client is told`()
    async throws
  {
    try await hosting(.memory(Self.limits { $0.keepFor = .milliseconds(20) })) { hosted in
      try await withHookupClient(
        hosted.address.url, configuration: Self.configuration(), logger: .quiet
      ) {
        client in
        let session = try await hosted.sessions.next()
        var events = client.events.makeAsyncIterator()
        let receipt = try await session.send("a")
        #expect(try await Self.take(1, &events) == ["a"])
        try await session.delivered(receipt)
        client.goOffline()
        try await until { hosted.server.session(session.client) == nil }
        try await until {
          do {
            try await session.send("for nobody")
            return false
          } catch let error as HookupError {
            return error.code == .closed
          }
        }
        client.reconnect()
        let next = try await hosted.sessions.next()
        #expect(next !== session)
        try await next.send("b")
        #expect(try await Self.broken(&events) == .restarted(last: 1))
        #expect(try await Self.take(1, &events) == ["b"])
      }
    }
  }

  @Test func `of too many journals the one left the longest ago goes, and its client is told`()
    async throws
  {
    let files = SimulatedFiles()
    let replay = SessionReplay.journal(
      directory: "/replay", limits: Self.limits { $0.maximumJournals = 1 })
    try await hosting(replay, files: files) { hosted in
      let url = hosted.address.url
      try await withHookupClient(url, configuration: Self.configuration(), logger: .quiet) {
        first in
        let session = try await hosted.sessions.next()
        var events = first.events.makeAsyncIterator()
        let receipt = try await session.send("a")
        #expect(try await Self.take(1, &events) == ["a"])
        try await session.delivered(receipt)
        first.goOffline()
        try await until { !session.isConnected }
        try await session.send("removed with its journal")
        try await withHookupClient(url, configuration: Self.configuration(), logger: .quiet) {
          second in
          let session = try await hosted.sessions.next()
          try await session.send("b")
          var events = second.events.makeAsyncIterator()
          #expect(try await Self.take(1, &events) == ["b"])
          let name = JournalShelf.name(of: session.client)
          let others = files.paths.filter { $0 != "/replay/lock" && !$0.contains(name) }
          #expect(others == [])
        }
        first.reconnect()
        let next = try await hosted.sessions.next()
        try await next.send("c")
        #expect(try await Self.broken(&events) == .restarted(last: 1))
        #expect(try await Self.take(1, &events) == ["c"])
      }
    }
  }

  @Test func `a stop of the server ends every wait for room and for receipts`() async throws {
    let waits = try await hosting(.memory(Self.limits { $0.maximumMessages = 1 })) { hosted in
      try await withHookupClient(
        hosted.address.url, configuration: Self.configuration(), logger: .quiet
      ) {
        client in
        let session = try await hosted.sessions.next()
        client.goOffline()
        try await until { !session.isConnected }
        let receipt = try await session.send("a")
        let receiving = Task { try await session.delivered(receipt) }
        let sending = Task { _ = try await session.send("b") }
        try await until { session.state.withLock { $0.desk.submissions.count == 1 } }
        return [receiving, sending]
      }
    }
    for wait in waits {
      let error = await #expect(throws: HookupError.self) { try await wait.value }
      #expect(error?.code == .closed)
    }
  }

  @Test func `two servers cannot have one directory of journals`() async throws {
    let (files, replay) = (SimulatedFiles(), SessionReplay.journal(directory: "/replay"))
    try await hosting(replay, files: files) { _ in
      var options = SessionOptions(store: MemorySessionStore())
      options.replay = replay
      options.files = files
      var configuration = ServerConfiguration(port: 0)
      configuration.sessions = options
      let second = HookupServer(configuration: configuration, logger: .quiet) { _ in }
      let error = await #expect(throws: HookupError.self) { try await second.run() }
      #expect(error?.code == .locked)
    }
  }

  @Test func `a journal that cannot be opened sends its client away until it can`() async throws {
    let files = SimulatedFiles()
    try await hosting(.journal(directory: "/replay"), files: files) { hosted in
      files.fail { verb, path, _ in verb == "open" && path != "/replay/lock" ? 28 : nil }
      try await withHookupClient(
        hosted.address.url, configuration: Self.configuration(), logger: .quiet
      ) {
        client in
        var events = client.events.makeAsyncIterator()
        let reason = try await next(&events) { $0.disconnected }
        #expect(reason.contains("the store failed"))
        files.fail(nil)
        let session = try await hosted.sessions.next()
        try await session.send("a")
        #expect(try await Self.take(1, &events) == ["a"])
      }
    }
  }
}

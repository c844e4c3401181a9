import HookupCore
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ServerLifecycleTests {
  @Test func `a graceful shutdown tells clients, waits for handlers and returns`() async throws {
    let calls = Mailbox<String>()
    let started = Mailbox<ServerAddress>()
    var configuration = configured { $0.port = 0 }
    configuration.shutdownReason = "back soon"
    configuration.shutdownTimeout = .seconds(50)
    configuration.shutdownCode = .serviceRestart
    configuration.onStart = { started.put($0) }
    configuration.onStop = { calls.put("stopped") }
    let server = HookupServer(configuration: configuration) { connection in
      for await event in connection.events {
        if case .disconnected(let reason) = event { calls.put("\(reason)") }
      }
    }
    let services = ServiceGroup(
      configuration: .init(services: [server], logger: Logger(label: "test")))
    async let run: Void = services.run()
    let address = try await started.next()
    #expect(server.address == address)
    let (client, _, _) = try await TestWebSocket.connect(address)
    // A plain HTTP connection in waiting must not hold up the end.
    let idle = try await RawClient.connect(address)
    try await idle.send("GET /ping HTTP/1.1\r\nHost: h\r\n\r\n")
    _ = try await idle.read(until: "pong")
    let begin = ContinuousClock.now
    await services.triggerGracefulShutdown()
    #expect(try await client.heard.next() == .closed(1012, "back soon"))
    try await run
    // Less than any time limit that would have ended it otherwise.
    #expect(ContinuousClock.now - begin < .seconds(9))
    #expect(try await calls.next() == "1012 'back soon', closed by the server")
    #expect(try await calls.next() == "stopped")
    #expect(server.connections.isEmpty)
    #expect(server.address == nil)
    await #expect(throws: HookupError.self) { try await TestWebSocket.connect(address) }
  }

  @Test func `cancellation shuts down too`() async throws {
    let started = Mailbox<ServerAddress>()
    var configuration = configured { $0.port = 0 }
    configuration.onStart = { started.put($0) }
    let server = HookupServer(configuration: configuration, handler: echo)
    let run = Task { try await server.run() }
    let (client, _, _) = try await TestWebSocket.connect(try await started.next())
    run.cancel()
    #expect(try await client.heard.next() == .closed(1001, "going away"))
    try await run.value
  }

  @Test func `clients that do not answer and handlers that hang are given up on in time`()
    async throws
  {
    let started = Mailbox<ServerAddress>()
    let cancelled = Mailbox<Bool>()
    var configuration = configured {
      $0.port = 0
      $0.shutdownTimeout = .milliseconds(200)
      $0.limits.closeTimeout = .seconds(50)
    }
    configuration.onStart = { started.put($0) }
    let server = HookupServer(configuration: configuration) { _ in
      try? await Task.sleep(for: .seconds(50))
      cancelled.put(Task.isCancelled)
    }
    let run = Task { try await server.run() }
    let address = try await started.next()
    let client = try await RawClient.connect(address)
    try await client.send(upgradeRequest())
    _ = try await client.read(until: "\r\n\r\n")
    let begin = ContinuousClock.now
    server.shutDown()
    try await run.value
    #expect(ContinuousClock.now - begin < .seconds(10))
    #expect(try await cancelled.next())
    await client.close()
  }

  @Test func `messages sent before the shutdown go out before the close frame`() async throws {
    try await withServer { connection in
      for await event in connection.events {
        guard case .text = event else { continue }
        for index in 0..<100 { try await connection.send(.text("\(index)")) }
        connection.close(.normal, reason: "done")
      }
    } body: { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(address)
      connection.send(text: "go")
      for index in 0..<100 { #expect(try await client.heard.next() == .text("\(index)")) }
      #expect(try await client.heard.next() == .closed(1000, "done"))
    }
  }

  @Test func `a busy port is named with the way out`() async throws {
    try await withServer { _, address in
      let second = HookupServer(configuration: ServerConfiguration(port: address.port)) { _ in }
      await #expect {
        try await second.run()
      } throws: { error in
        (error as? HookupError)
          == HookupError(
            .bindFailed,
            "port \(address.port) on 127.0.0.1 is in use by another program: stop it, choose another port, "
              + "or 0 for a free one")
      }
    }
  }

  @Test func `an address of another machine and a name that does not resolve are named`()
    async throws
  {
    for (host, words) in [
      ("192.0.2.1", "not an address of this machine"), ("no.such.host.invalid", "does not resolve"),
    ] {
      let server = HookupServer(configuration: ServerConfiguration(host: host, port: 0)) { _ in }
      await #expect {
        try await server.run()
      } throws: { error in
        let error = error as? HookupError
        return error?.code == .bindFailed && error?.message.contains(words) == true
      }
    }
  }

  @Test func `settings that make no sense are named before anything is bound`() async throws {
    let changes: [(String, @Sendable (inout ServerConfiguration) -> Void)] = [
      ("port is 65536; it must be in 0...65535", { $0.port = 65_536 }),
      ("port is -1; it must be in 0...65535", { $0.port = -1 }),
      ("eventLoopThreads is 0; it must be in 1...1024", { $0.eventLoopThreads = 0 }),
      (
        "shutdownCode is 1005; it must be a code that a close frame may carry",
        { $0.shutdownCode = .noStatus }
      ),
      ("pingPath is 'ping'; it must be a path that begins with '/'", { $0.pingPath = "ping" }),
      (
        "sendBufferLowBytes is 262144; it must be in 1...1000",
        { $0.limits.sendBufferHighBytes = 1_000 }
      ),
      ("maximumConnections is 0; it must be at least 1", { $0.limits.maximumConnections = 0 }),
    ]
    for (message, change) in changes {
      let server = HookupServer(configuration: configured(change)) { _ in }
      await #expect {
        try await server.run()
      } throws: { error in
        (error as? HookupError) == HookupError(.invalidArgument, message)
      }
    }
  }

  @Test func `a server runs once, and not at all when told to stop before`() async throws {
    let stopped = HookupServer(configuration: ServerConfiguration(port: 0)) { _ in }
    stopped.shutDown()
    try await stopped.run()
    await #expect(throws: HookupError.self) { try await stopped.run() }
  }

  @Test func `a server with threads of its own ends them`() async throws {
    let answer = try await withServer(configured { $0.eventLoopThreads = 1 }) { _, address in
      try await get("/ping", at: address)
    }
    #expect(answer.hasSuffix("pong"))
  }

  @Test(arguments: [
    (ServerAddress(host: "127.0.0.1", port: 8127, isSecure: false), "ws://127.0.0.1:8127/"),
    (ServerAddress(host: "::1", port: 1, isSecure: true), "wss://[::1]:1/"),
  ])
  func `an address is shown as clients write it`(address: ServerAddress, url: String) {
    #expect(address.url == url)
  }
}

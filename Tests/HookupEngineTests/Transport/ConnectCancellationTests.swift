import HookupCore
import NIOCore
import NIOPosix
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ConnectCancellationTests {
  private let loop = MultiThreadedEventLoopGroup.singleton.next()

  @Test func `an attempt whose server is silent ends at once, and so does its socket`() async throws
  {
    let server = try await ScriptedServer.start { _ in .silence }
    let attempt = try begin("ws://127.0.0.1:\(server.port)/")
    _ = try await server.heads.next()
    attempt.cancel()
    await expectGivenUp(attempt, "127.0.0.1:\(server.port)")
    try await server.ended.next()
    attempt.cancel()
    try await server.stop()
  }

  @Test func `an attempt whose server does not accept ends at once`() async throws {
    let hole = try BlackHole(address: "127.0.0.3")
    let connector = WebSocketConnector(
      resolver: { FixedResolver(on: $0, ["127.0.0.3", "127.0.0.3", "127.0.0.3"]) })
    let attempt = try begin("ws://chat.test:\(hole.port)/", connector)
    // One turn of the loop after the start, the first address is being tried.
    try await loop.submit {}.get()
    attempt.cancel()
    await expectGivenUp(attempt, "chat.test:\(hole.port)")
  }

  @Test func `an attempt that is cancelled before its name is known dials nobody`() async throws {
    let server = try await ScriptedServer.start { _ in .webSocket }
    let promise = loop.makePromise(of: [SocketAddress].self)
    let connector = WebSocketConnector(resolver: { _ in SlowResolver(promise.futureResult) })
    let attempt = try begin("ws://chat.test:\(server.port)/", connector)
    attempt.cancel()
    await expectGivenUp(attempt, "chat.test:\(server.port)")
    promise.succeed([try SocketAddress(ipAddress: "127.0.0.1", port: server.port)])
    // A second connection is the only one that the server sees.
    try await talk(WebSocketConnector(), .init("ws://127.0.0.1:\(server.port)/second"))
    #expect(try await server.heads.next().hasPrefix("GET /second "))
    #expect(server.heads.count == 0)
    try await server.stop()
  }

  @Test func `an attempt in a proxy's tunnel ends at once`() async throws {
    let proxy = try await ScriptedServer.start { _ in .silence }
    let attempt = try begin("ws://chat.test/") {
      $0.proxy = .http(host: "127.0.0.1", port: proxy.port)
    }
    _ = try await proxy.heads.next()
    attempt.cancel()
    await expectGivenUp(attempt, "chat.test:80")
    try await proxy.ended.next()
    try await proxy.stop()
  }

  @Test func `an open connection does not mind`() async throws {
    let server = try await ScriptedServer.start { _ in .webSocket }
    let delegate = RecordingDelegate()
    let attempt = WebSocketConnector().begin(
      try .init("ws://127.0.0.1:\(server.port)/"), on: loop, delegate: delegate)
    let connection = try await attempt.result.get().connection
    attempt.cancel()
    connection.send(.text(ByteBuffer(string: "x")), written: nil)
    #expect(await delegate.next() == .received([.text(ByteBuffer(string: "x"))]))
    connection.abort()
    try await server.stop()
  }

  @Test func `closing a client that is connecting ends it and its socket at once`() async throws {
    let server = try await ScriptedServer.start { _ in .silence }
    var configuration = ClientConfiguration()
    configuration.connectTimeout = .seconds(600)
    let client = try HookupClient(
      "ws://127.0.0.1:\(server.port)/", configuration: configuration, logger: .quiet)
    async let run: Void = client.run()
    _ = try await server.heads.next()
    client.close()
    try await run
    try await server.ended.next()
    try await server.stop()
  }

  @Test func `going offline ends the attempt, and a reconnect makes another`() async throws {
    let server = try await ScriptedServer.start { head in .silence }
    var configuration = ClientConfiguration()
    configuration.connectTimeout = .seconds(600)
    let client = try HookupClient(
      "ws://127.0.0.1:\(server.port)/", configuration: configuration, logger: .quiet)
    async let run: Void = client.run()
    _ = try await server.heads.next()
    client.goOffline()
    try await server.ended.next()
    client.reconnect()
    _ = try await server.heads.next()
    client.close()
    try await run
    try await server.stop()
  }

  private func begin(
    _ url: String, _ connector: WebSocketConnector = WebSocketConnector(),
    _ change: (inout WebSocketConnector.Request) -> Void = { _ in }
  ) throws -> WebSocketAttempt {
    connector.begin(
      try .init(url) {
        $0.timeout = .seconds(600)
        change(&$0)
      }, on: loop, delegate: RecordingDelegate())
  }

  private func expectGivenUp(_ attempt: WebSocketAttempt, _ place: String) async {
    let error = await #expect(throws: HookupError.self) { try await attempt.result.get() }
    #expect(error == HookupError(.closed, "connecting to \(place) was given up"))
  }
}

/// Resolves when the test lets it.
private struct SlowResolver: Resolver, Sendable {
  private let addresses: EventLoopFuture<[SocketAddress]>
  init(_ addresses: EventLoopFuture<[SocketAddress]>) { self.addresses = addresses }
  func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { addresses }
  func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
    addresses.map { _ in [] }
  }
  func cancelQueries() {}
}

import Glibc
import HookupCore
import HookupEngine
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct ConnectRaceTests {
  @Test func `an address that does not answer does not keep the next one from being tried`()
    async throws
  {
    let hole = try BlackHole(address: "127.0.0.2")
    let server = try await ScriptedServer.start(host: "127.0.0.1", port: hole.port) { _ in
      .webSocket
    }
    let connector = WebSocketConnector(
      resolver: { FixedResolver(on: $0, ["127.0.0.2", "127.0.0.1"]) })
    let clock = ContinuousClock()
    let began = clock.now
    try await talk(connector, .init("ws://chat.test:\(hole.port)/") { $0.timeout = .seconds(30) })
    // The next address is tried after 250 ms; a kernel would give the first up after two minutes.
    #expect(clock.now - began < .seconds(10))
    #expect(clock.now - began > .milliseconds(200))
    try await server.stop()
  }

  @Test func `the black hole is one`() async throws {
    let hole = try BlackHole(address: "127.0.0.2")
    let connector = WebSocketConnector(resolver: { FixedResolver(on: $0, ["127.0.0.2"]) })
    let error = await failure(
      connector, try .init("ws://chat.test:\(hole.port)/") { $0.timeout = .milliseconds(300) })
    #expect(
      error
        == HookupError(
          .connectFailed, "cannot connect to chat.test:\(hole.port): no answer within 300 ms"))
  }

  @Test func `the other family is tried when one refuses`() async throws {
    try #require(hasIPv6)
    let server = try await ScriptedServer.start(host: "::1") { _ in .webSocket }
    let connector = WebSocketConnector(
      resolver: { FixedResolver(on: $0, ["127.0.0.1", "::1"]) })
    try await talk(connector, .init("ws://chat.test:\(server.port)/"))
    try await server.stop()
  }

  @Test(.enabled(if: hasIPv6)) func `an IPv6 address in brackets is connected to`() async throws {
    let server = try await ScriptedServer.start(host: "::1") { _ in .webSocket }
    try await talk(WebSocketConnector(), .init("ws://[::1]:\(server.port)/"))
    #expect(try await server.heads.next().contains("\r\nHost: [::1]:\(server.port)\r\n"))
    try await server.stop()
  }
}

/// Whether this machine has ::1.
private let hasIPv6: Bool = {
  let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  guard let address = try? SocketAddress(ipAddress: "::1", port: 0) else { return false }
  return address.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0
}()

/// Resolves every name to the same addresses, in this order within a family.
final class FixedResolver: Resolver, Sendable {
  private let eventLoop: any EventLoop
  private let addresses: [String]

  init(on eventLoop: any EventLoop, _ addresses: [String]) {
    self.eventLoop = eventLoop
    self.addresses = addresses
  }

  func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
    eventLoop.makeCompletedFuture { try resolve(port) { !$0.contains(":") } }
  }

  func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
    eventLoop.makeCompletedFuture { try resolve(port) { $0.contains(":") } }
  }

  func cancelQueries() {}

  private func resolve(_ port: Int, _ isWanted: (String) -> Bool) throws -> [SocketAddress] {
    try addresses.filter(isWanted).map { try SocketAddress(ipAddress: $0, port: port) }
  }
}

/// A listening socket that accepts nobody and whose backlog is full, so that the kernel drops what comes.
final class BlackHole: Sendable {
  let port: Int
  private let descriptors: [CInt]

  init(address text: String) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var opened = [listener]
    // Below the range from which the system gives ports, so that other tests' servers do not get it.
    var bound: Int?
    for port in 21_000..<21_500 {
      let address = try SocketAddress(ipAddress: text, port: port)
      if address.withSockAddr({ bind(listener, $0, socklen_t($1)) }) == 0 {
        bound = port
        break
      }
    }
    guard let bound, listen(listener, 0) == 0 else {
      throw HookupError(.bindFailed, "no port for a black hole")
    }
    let address = try SocketAddress(ipAddress: text, port: bound)
    // A backlog of 0 holds one or two; what is beyond it stays in progress.
    for _ in 0..<8 {
      let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      opened.append(filler)
      _ = address.withSockAddr { connect(filler, $0, socklen_t($1)) }
    }
    port = bound
    descriptors = opened
  }

  deinit {
    for descriptor in descriptors { close(descriptor) }
  }
}

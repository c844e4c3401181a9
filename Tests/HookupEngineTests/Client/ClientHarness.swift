import Glibc
import HookupCore
import Testing

@testable import HookupEngine

/// A directory of its own under the system's temporary directory, removed with its contents at the end of the scope.
func withTemporaryDirectory<Result>(
  _ body: (String) async throws -> Result
) async throws -> Result {
  let path = "/tmp/hookup-test-\(hex(.random(in: .min ... .max)))"
  defer { removeTree(path) }
  return try await body(path)
}

private func removeTree(_ path: String) {
  let files = SystemFiles()
  for name in (try? files.names(in: path)) ?? [] where name != "." && name != ".." {
    if (try? files.remove(path + "/" + name)) == nil { removeTree(path + "/" + name) }
  }
  rmdir(path)
}

/// A server on a free port that runs for the time of `body`.
func withServer<Result: Sendable>(
  port: Int = 0, _ change: (inout ServerConfiguration) -> Void = { _ in },
  handler: @escaping @Sendable (ServerConnection) async throws -> Void,
  _ body: @escaping @Sendable (ServerAddress) async throws -> Result
) async throws -> Result {
  var configuration = ServerConfiguration(port: port)
  change(&configuration)
  let (started, continuation) = AsyncStream<ServerAddress>.makeStream()
  configuration.onStart = { address in continuation.yield(address) }
  configuration.shutdownTimeout = .seconds(1)
  let server = HookupServer(configuration: configuration, logger: .quiet, handler: handler)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
      defer { continuation.finish() }
      try await server.run()
    }
    var addresses = started.makeAsyncIterator()
    guard let address = await addresses.next() else {
      try await group.waitForAll()
      throw HookupError(.bindFailed, "the server ended before it began")
    }
    defer { server.shutDown() }
    return try await body(address)
  }
}

/// Sends every text and JSON message back.
let echo: @Sendable (ServerConnection) async throws -> Void = { connection in
  for await event in connection.events {
    switch event {
    case .text(let text): try await connection.send(.text(text))
    case .json(let json): try await connection.send(.json(json))
    case .binary(let bytes): try await connection.send(.binary(bytes))
    default: break
    }
  }
}

/// The next event that `pick` wants.
func next<Value>(
  _ events: inout ClientEvents.AsyncIterator, _ pick: (ClientEvent) -> Value?
) async throws -> Value {
  while let event = await events.next() {
    if let value = pick(event) { return value }
  }
  throw HookupError(.closed, "the client ended first")
}

extension ClientEvent {
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var acknowledged: UInt64? { if case .acknowledged(let sequence) = self { sequence } else { nil } }
  var isConnected: Bool? { if case .connected = self { true } else { nil } }
  var subprotocol: String? { if case .connected(let name) = self { name } else { nil } }
  var disconnected: String? { if case .disconnected(let reason) = self { reason } else { nil } }
  var attempt: Int? { if case .reconnecting(let attempt, _) = self { attempt } else { nil } }
}

extension ClientConfiguration {
  /// Reconnects at once, so that tests need not wait.
  static var quick: ClientConfiguration {
    var configuration = ClientConfiguration()
    configuration.reconnect = ReconnectPolicy(
      firstDelay: .milliseconds(10), maximumDelay: .milliseconds(20))
    return configuration
  }
}

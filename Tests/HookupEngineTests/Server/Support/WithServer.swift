import HookupCore
import Logging
import NIOPosix

@testable import HookupEngine

/// Runs a server on a free loopback port while `body` runs, then shuts it down; its `run()` must return without an error.
func withServer<Result: Sendable>(
  _ configuration: ServerConfiguration = ServerConfiguration(),
  handler: @escaping @Sendable (ServerConnection) async throws -> Void = echo,
  body: @Sendable (HookupServer, ServerAddress) async throws -> Result
) async throws -> Result {
  try await withServer(
    configuration, make: { HookupServer(configuration: $0, logger: $1, handler: handler) },
    body: body)
}

/// The same for a server whose frames are served on its event loops.
func withServer<Result: Sendable>(
  _ configuration: ServerConfiguration = ServerConfiguration(), frames: any FrameHandler,
  body: @Sendable (HookupServer, ServerAddress) async throws -> Result
) async throws -> Result {
  try await withServer(
    configuration, make: { HookupServer(configuration: $0, logger: $1, frames: frames) },
    body: body)
}

private func withServer<Result: Sendable>(
  _ configuration: ServerConfiguration, make: (ServerConfiguration, Logger) -> HookupServer,
  body: @Sendable (HookupServer, ServerAddress) async throws -> Result
) async throws -> Result {
  let started = Mailbox<ServerAddress>()
  var configuration = configuration
  configuration.port = 0
  configuration.onStart = { started.put($0) }
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let server = make(configuration, logger)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    do {
      let result = try await body(server, try await started.next())
      server.shutDown()
      try await group.waitForAll()
      return result
    } catch {
      group.cancelAll()
      throw error
    }
  }
}

/// Sends every message back, acks and all left to the server.
@Sendable func echo(_ connection: ServerConnection) async throws {
  for await event in connection.events {
    switch event {
    case .text(let text): try await connection.send(.text(text))
    case .json(let json): try await connection.send(.json(json))
    case .binary(let bytes): try await connection.send(.binary(bytes))
    default: break
    }
  }
}

func configured(_ configure: (inout ServerConfiguration) -> Void) -> ServerConfiguration {
  var configuration = ServerConfiguration()
  configuration.limits.closeTimeout = .seconds(2)
  configure(&configuration)
  return configuration
}

/// Never comes to an end by itself: what a program does that hangs, or that waits for nothing but its end.
func untilCancelled() async {
  _ = try? await Mailbox<Void>().next()
}

/// Waits until something that nobody reports is so. Bounded by the test's time limit.
func until(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
}

/// Sends to a client that does not read until neither the kernel nor the server takes any more.
/// - Returns: how many messages were taken.
func fill(_ connection: ServerConnection, with message: Message) async throws -> Int {
  var sent = 0
  var roundsWithoutProgress = 0
  while roundsWithoutProgress < 5 {
    let before = sent
    while try connection.trySend(message) { sent += 1 }
    // What was taken goes to the kernel in the event loop's next turns.
    for _ in 0..<3 { try await connection.eventLoop.submit {}.get() }
    try await Task.sleep(for: .milliseconds(5))
    roundsWithoutProgress = sent == before ? roundsWithoutProgress + 1 : 0
  }
  return sent
}

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
  let started = Mailbox<ServerAddress>()
  var configuration = configuration
  configuration.port = 0
  configuration.onStart = { started.put($0) }
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let server = HookupServer(configuration: configuration, logger: logger, handler: handler)
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

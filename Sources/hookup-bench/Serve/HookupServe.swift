import HookupCore
import HookupEngine
import Logging
import Synchronization

/// The package's own server, in each mode.
struct HookupServe: Sendable {
  private let plan: ServePlan

  init(_ plan: ServePlan) {
    self.plan = plan
  }

  /// Serves until `stop` returns, or until the task is cancelled.
  /// - Parameter ready: told `listening on URL` once.
  func run(
    until stop: @escaping @Sendable () async -> Void, ready: @escaping @Sendable (String) -> Void
  ) async throws {
    var configuration = configuration
    configuration.onStart = { ready("listening on \($0.url)") }
    let server = server(configuration)
    try await withThrowingTaskGroup { tasks in
      tasks.addTask { try await server.run() }
      tasks.addTask {
        await stop()
        server.shutDown()
      }
      try await tasks.next()
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
  }

  private var configuration: ServerConfiguration {
    var configuration = ServerConfiguration(host: plan.host, port: plan.port)
    configuration.tls = plan.tls
    configuration.eventLoopThreads = plan.threads
    configuration.runsHandlersOnEventLoop = true
    configuration.shutdownTimeout = .seconds(2)
    configuration.keepalive = nil
    configuration.compression = plan.deflates ? CompressionSettings() : nil
    configuration.limits.maximumConnections = ServePlan.maximumConnections
    configuration.limits.maximumMessageBytes = ServePlan.maximumMessageBytes
    configuration.limits.inboundBytes = 2 * ServePlan.maximumMessageBytes
    configuration.limits.sendBufferHighBytes = 2 * ServePlan.maximumMessageBytes
    if plan.mode == .legacy { LegacyPeer.prepare(&configuration) }
    return configuration
  }

  private func server(_ configuration: ServerConfiguration) -> HookupServer {
    if plan.style == .frames, let frames {
      return HookupServer(configuration: configuration, frames: frames)
    }
    return switch plan.mode {
    case .echo: HookupServer(configuration: configuration, handler: Self.echo)
    case .acked: HookupServer(configuration: configuration) { for await _ in $0.events {} }
    case .legacy: HookupServer(configuration: configuration, handler: LegacyPeer.serve)
    case .broadcast: Self.broadcaster(configuration)
    }
  }

  private var frames: (any FrameHandler)? {
    switch plan.mode {
    case .echo: EchoFrames()
    case .broadcast: BroadcastFrames()
    case .acked: AckFrames()
    case .legacy: nil
    }
  }

  private static let echo: @Sendable (ServerConnection) async throws -> Void = { connection in
    for await event in connection.events {
      switch event {
      case .text(let text): try await connection.send(.text(text))
      case .json(let json): try await connection.send(.json(json))
      case .binary(let bytes): try await connection.send(.binary(bytes))
      default: break
      }
    }
  }

  private static func broadcaster(_ configuration: ServerConfiguration) -> HookupServer {
    // The handler needs the server that it is made for.
    let reference = Mutex<HookupServer?>(nil)
    let server = HookupServer(configuration: configuration) { connection in
      guard let server = reference.withLock({ $0 }) else { return }
      for await event in connection.events {
        let message: Message
        switch event {
        case .text(let text): message = .text(text)
        case .json(let json): message = .json(json)
        case .binary(let bytes): message = .binary(bytes)
        default: continue
        }
        try await server.broadcast(message) { $0 !== connection }
      }
    }
    reference.withLock { $0 = server }
    return server
  }
}

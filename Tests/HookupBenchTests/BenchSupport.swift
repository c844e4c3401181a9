import HookupEngine
import NIOCore
import NIOPosix

@testable import hookup_bench

/// Serves a mode on a free port for the time of `body`, which gets the URL.
func withBenchServer(
  _ mode: ServeCommand.Mode, engine: ServeCommand.Engine = .hookup,
  style: ServeCommand.Style = .frames, deflates: Bool = false,
  _ body: @escaping @Sendable (WebSocketURL) async throws -> Void
) async throws {
  var plan = ServePlan(mode: mode)
  plan.style = style
  plan.deflates = deflates
  try await serving(
    { [plan] ready in
      switch engine {
      case .hookup: try await HookupServe(plan).run(until: forever, ready: ready)
      case .nio: try await NIOServe(plan).run(until: forever, ready: ready)
      }
    }, body)
}

/// Serves with a handler of the test's own.
func withHandler(
  _ handler: @escaping @Sendable (ServerConnection) async throws -> Void,
  _ body: @escaping @Sendable (WebSocketURL) async throws -> Void
) async throws {
  try await serving(
    { ready in
      var configuration = ServerConfiguration(port: 0)
      configuration.shutdownTimeout = .zero
      configuration.onStart = { ready("listening on \($0.url)") }
      try await HookupServer(configuration: configuration, handler: handler).run()
    }, body)
}

private func serving(
  _ serve: @escaping @Sendable (@escaping @Sendable (String) -> Void) async throws -> Void,
  _ body: @escaping @Sendable (WebSocketURL) async throws -> Void
) async throws {
  let (lines, continuation) = AsyncStream<String>.makeStream()
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask {
      defer { continuation.finish() }
      try await serve { continuation.yield($0) }
    }
    guard let line = await lines.first(where: { _ in true }), line.hasPrefix("listening on ") else {
      throw HookupError(.bindFailed, "the server did not say that it listens")
    }
    try await body(WebSocketURL(String(line.dropFirst("listening on ".count))))
    tasks.cancelAll()
    try await tasks.waitForAll()
  }
}

/// Until the task is cancelled.
let forever: @Sendable () async -> Void = {
  let (stream, continuation) = AsyncStream<Void>.makeStream()
  for await _ in stream {}
  continuation.finish()
}

/// A client without any protocol of its own: text frames out and in.
final class RawClient: WebSocketDelegate {
  private let frames: AsyncStream<String>
  private let continuation: AsyncStream<String>.Continuation

  init() {
    (frames, continuation) = AsyncStream.makeStream()
  }

  /// Connects and hands over a connection and the texts that come on it.
  static func open(
    _ url: WebSocketURL, _ subprotocols: [String] = []
  ) async throws -> (any WebSocketConnection, AsyncStream<String>.AsyncIterator) {
    let client = RawClient()
    let connected = try await WebSocketConnector().connect(
      to: url, subprotocols: subprotocols,
      settings: WebSocketSettings(role: .client, keepalive: nil),
      on: MultiThreadedEventLoopGroup.singleton.any(), delegate: client
    ).get()
    return (connected.connection, client.frames.makeAsyncIterator())
  }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    for frame in frames {
      switch frame {
      case .text(let bytes): continuation.yield(String(buffer: bytes))
      case .binary(let bytes): continuation.yield("binary " + String(buffer: bytes))
      }
    }
  }

  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {
    continuation.finish()
  }

  func webSocket(_ connection: any WebSocketConnection, becameWritable isWritable: Bool) {}
  func webSocket(
    _ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration
  ) {}
  func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool) {}
}

extension WebSocketConnection {
  func say(_ text: String) { send(.text(ByteBuffer(string: text)), written: nil) }
}

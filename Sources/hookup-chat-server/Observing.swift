import HookupEngine
import Logging
import ServiceLifecycle

/// Health and measurements over plain HTTP, on an address of their own: `/healthz`, `/readyz`, `/metrics`.
struct Observing: Service {
  private let server: HookupServer

  /// - Parameter address: `127.0.0.1:9127`; port 0 picks a free one.
  /// - Throws: ``HookupError/Code/invalidArgument`` for anything else.
  init(
    _ chat: ChatServer, _ files: StoreFiles, at address: String, logger: Logger
  ) throws(HookupError) {
    let (host, port) = try Self.parse(address)
    var configuration = ServerConfiguration(host: host, port: port)
    configuration.pingPath = nil
    configuration.limits.maximumConnections = 64
    configuration.page = { path in await Self.page(path, of: chat, files) }
    configuration.onStart = { address in
      logger.notice(
        "observing", metadata: ["url": "http://\(address.host):\(address.port)/metrics"])
    }
    // Nobody has any business with a WebSocket here.
    server = HookupServer(configuration: configuration, logger: logger) { _ in }
  }

  func run() async throws { try await server.run() }

  static func parse(_ address: String) throws(HookupError) -> (String, Int) {
    let parts = address.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count >= 2, let port = parts.last.flatMap({ Int($0) }), (0...65_535).contains(port)
    else {
      throw HookupError(
        .invalidArgument, "'observe' is an address and a port, for example 127.0.0.1:9127")
    }
    let host = parts.dropLast().joined(separator: ":")
    let plain =
      host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    return (plain.isEmpty ? "127.0.0.1" : plain, port)
  }

  private static func page(
    _ path: String, of chat: ChatServer, _ files: StoreFiles
  ) async -> ServerPage? {
    switch path {
    case "/metrics":
      return ServerPage(
        contentType: "text/plain; version=0.0.4; charset=utf-8",
        body: await chat.measures().prometheus + ProcessMeasures.now().prometheus
          + files.prometheus)
    case "/healthz": return health(await chat.measures())
    case "/readyz":
      let (isReady, reason) = await chat.health()
      return status(isReady ? nil : reason ?? "not ready")
    default: return nil
    }
  }

  private static func health(_ measures: ChatMeasures) -> ServerPage {
    switch measures.storeHealth.state {
    case .writable: status(measures.storeFailure)
    case .failing(let reason, let since), .damaged(let reason, let since):
      status(reason, [("since", ISO8601Time.text(milliseconds: since))])
    }
  }

  private static func status(
    _ reason: String?, _ members: [(String, String)] = []
  ) -> ServerPage {
    ServerPage(
      status: reason == nil ? 200 : 503, contentType: "application/json",
      body: JSONLine.text(
        [("status", reason == nil ? "ok" : "failing")] + (reason.map { [("reason", $0)] } ?? [])
          + members, []) + "\n")
  }
}

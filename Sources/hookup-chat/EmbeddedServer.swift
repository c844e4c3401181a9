import HookupCore
import HookupEngine
import HookupSQLite

/// A chat server in this process, for `--serve`: on the address of the URL, with the data where `hookup-chat-server` has it.
enum EmbeddedServer {
  /// Serves while `body` runs, which is given the URL to connect to.
  /// - Throws: what keeps the server from starting; what `body` throws.
  static func run(
    for url: String, _ body: @escaping @Sendable (String) async throws -> Void
  ) async throws {
    let target = try WebSocketURL(url)
    guard !target.isSecure, target.socketPath == nil else {
      throw HookupError(
        .invalidArgument,
        "--serve speaks ws:// only: run hookup-chat-server with a certificate for wss://")
    }
    let store = try SQLiteChatStore(directory: try TerminalProcess.dataDirectory())
    let (started, continuation) = AsyncStream<ServerAddress>.makeStream()
    var configuration = ChatServerConfiguration(host: target.host, port: target.port)
    configuration.server.onStart = { address in continuation.yield(address) }
    configuration.server.shutdownTimeout = .seconds(2)
    let server = ChatServer(configuration: configuration, store: store, logger: .quiet)
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { continuation.finish() }
          try await server.run()
        }
        var addresses = started.makeAsyncIterator()
        if let address = await addresses.next() {
          defer { server.shutDown() }
          try await body(address.url)
        }
        server.shutDown()
        try await group.waitForAll()
      }
    } catch {
      try? await store.close()
      throw error
    }
    try await store.close()
  }
}

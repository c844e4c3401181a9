import HookupCore
import HookupEngine
import ServiceLifecycle

/// The admin socket: whoever can open it, the server's own user that is, is the operator.
///
/// Each message is an ``AdminRequest``; the answer is a message for each row, `{"row":{…}}` with strings, and in the end
/// `{"done":"…"}` or `{"error":"…"}`.
struct Administration: Service {
  private let server: HookupServer

  /// - Parameter path: at most ``ServerConfiguration/maximumUnixSocketPathBytes``.
  init(
    of chat: ChatServer, store: any ChatStore, at path: String
  ) {
    var configuration = ServerConfiguration()
    configuration.unixSocketPath = path
    configuration.unixSocketMode = 0o600
    configuration.pingPath = nil
    configuration.limits.maximumConnections = 16
    configuration.limits.maximumMessageBytes = 16 << 10
    let desk = AdminDesk(chat: chat, store: store)
    server = HookupServer(configuration: configuration, logger: .quiet) { connection in
      await desk.serve(connection)
    }
  }

  func run() async throws { try await server.run() }
}

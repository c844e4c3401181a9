import HookupEngine
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the certificates again at each SIGHUP; the connections that are open notice nothing. Nothing else of the
/// configuration changes.
struct CertificateReloading: Service {
  let server: ChatServer
  let logger: Logger

  func run() async throws {
    for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
      do {
        try await server.reloadTLS()
      } catch {
        logger.error(
          "SIGHUP: the certificates stay as they are", metadata: ["reason": "\(error.message)"])
      }
    }
  }
}

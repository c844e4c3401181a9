import HookupEngine
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads configuration, certificates and the audit log's file again at each SIGHUP; the connections that are open notice nothing. What is
/// wrong leaves everything as it was.
struct Reloading: Service {
  let server: ChatServer
  let audit: AuditLog?
  let logger: Logger
  /// Reads the file and the environment again.
  let read: @Sendable () throws(HookupError) -> ServerSettings
  let first: ServerSettings

  func run() async throws {
    var current = first
    for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
      ServiceManager.tell(.reloading)
      do throws(HookupError) {
        let settings = try read()
        try server.reconfigure(settings.chat)
        LogOutput.level.set(settings.logLevel)
        report(from: current, to: settings)
        current = settings
      } catch {
        logger.error(
          "SIGHUP: the configuration stays as it is", metadata: ["reason": "\(error.message)"])
      }
      do throws(HookupError) {
        try audit?.reopen()
      } catch {
        logger.error(
          "SIGHUP: the audit log goes on where it was", metadata: ["reason": "\(error.message)"])
      }
      do throws(HookupError) {
        if first.chat.server.tls != nil { try await server.reloadTLS() }
      } catch {
        logger.error(
          "SIGHUP: the certificates stay as they are", metadata: ["reason": "\(error.message)"])
      }
      ServiceManager.tell(.ready(server.address.map { "listening on \($0.url)" } ?? "stopping"))
    }
  }

  /// The keys that hold from the next start only.
  private static func needsRestart(_ key: String) -> Bool {
    if key == "accounts.guests" { return false }
    if key.hasPrefix("tls.") || key.hasPrefix("accounts.") || key.hasPrefix("retention.") {
      return true
    }
    return [
      "host", "port", "unix-socket", "unix-socket-mode", "data", "ping-path", "allowed-origins",
      "allowed-hosts", "log-format", "audit-log", "observe", "admin-socket", "drain-window",
      "restart-time",
      "trusted-proxies", "proxy-protocol",
      "limits.connections", "limits.connections-per-address", "limits.message-bytes",
      "limits.rooms", "limits.direct-rooms", "limits.outstanding-commands",
      "limits.unsent-bytes", "limits.accounts", "limits.rooms-per-person",
      "limits.devices-per-account", "limits.search-seconds",
    ].contains(key)
  }

  private func report(from old: ServerSettings, to new: ServerSettings) {
    let keys = Set(old.given.keys).union(new.given.keys).filter { old.given[$0] != new.given[$0] }
    for key in keys.sorted() {
      let metadata: Logger.Metadata = ["setting": "\(key)"]
      if Self.needsRestart(key) {
        logger.warning("SIGHUP: changed, but holds from the next start only", metadata: metadata)
      } else {
        logger.notice("SIGHUP: changed", metadata: metadata)
      }
    }
    if keys.isEmpty { logger.notice("SIGHUP: nothing changed") }
  }
}

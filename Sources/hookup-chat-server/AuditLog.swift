import HookupEngine
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Who logged in and who moderated: one JSON object a line, appended to a file of its own.
final class AuditLog: Sendable {
  /// Nil writes to standard error.
  private let path: String?
  private let descriptor: Mutex<CInt>

  /// - Parameter path: a file, made when it is missing, for its user only; `stderr` for standard error.
  /// - Throws: ``HookupError/Code/storage``.
  init(path: String) throws(HookupError) {
    self.path = path == "stderr" ? nil : path
    descriptor = Mutex(path == "stderr" ? STDERR_FILENO : try Self.open(path))
  }

  deinit {
    if path != nil { descriptor.withLock { _ = close($0) } }
  }

  /// A file of that name anew: the old one was moved away, as logrotate does.
  /// - Throws: ``HookupError/Code/storage``; then the old one goes on.
  func reopen() throws(HookupError) {
    guard let path else { return }
    let new = try Self.open(path)
    descriptor.withLock { descriptor in
      close(descriptor)
      descriptor = new
    }
  }

  @Sendable func write(_ record: AuditRecord) {
    let line = JSONLine.text(
      [
        ("time", ISO8601Time.text(milliseconds: record.milliseconds)),
        ("event", record.event.rawValue), ("nick", record.nick),
        ("address", record.address ?? "local"), ("detail", record.detail),
      ], [])
    descriptor.withLock { StandardStreams.say(line, to: $0) }
  }

  private static func open(_ path: String) throws(HookupError) -> CInt {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let reason = strerror(errno).map { String(cString: $0) } ?? "errno \(errno)"
      throw HookupError(.storage, "the audit log \(path) cannot be opened: \(reason)")
    }
    return descriptor
  }
}

import GRDB
import HookupEngine

/// SQLite's errors as sentences that name the file and the way out.
enum SQLiteFault {
  static func error(_ error: any Error, opening path: String) -> HookupError {
    if let known = error as? HookupError { return known }
    guard let fault = error as? DatabaseError else {
      return HookupError(.storage, "\(path) cannot be opened: \(error)", cause: error)
    }
    switch fault.resultCode {
    case .SQLITE_NOTADB:
      return HookupError(
        .corrupt,
        "\(path) is not a SQLite database; nothing was changed: move it away or choose another directory",
        cause: fault)
    case .SQLITE_CORRUPT:
      return HookupError(
        .corrupt,
        "\(path) is damaged (\(sentence(fault))); nothing was changed: move it away or restore a backup",
        cause: fault)
    case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      return HookupError(
        .storage,
        "\(path) cannot be written (\(sentence(fault))): check the permissions of it and its directory",
        cause: fault)
    default:
      return HookupError(.storage, "\(path) cannot be opened: \(sentence(fault))", cause: fault)
    }
  }

  static func error(_ error: any Error, using path: String) -> HookupError {
    if let known = error as? HookupError { return known }
    guard let fault = error as? DatabaseError else {
      return HookupError(.storage, "\(path): \(error)", cause: error)
    }
    switch fault.resultCode {
    case .SQLITE_FULL:
      return HookupError(
        .unavailable, "\(path): the disk is full; nothing was stored: make room", cause: fault)
    case .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_NOMEM, .SQLITE_CANTOPEN,
      .SQLITE_READONLY:
      return HookupError(.unavailable, "\(path): \(sentence(fault))", cause: fault)
    case .SQLITE_MISUSE:
      return HookupError(.closed, "the chat store is closed", cause: fault)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      return HookupError(
        .corrupt, "\(path) is damaged (\(sentence(fault))): stop the server and restore a backup",
        cause: fault)
    default:
      return HookupError(.storage, "\(path): \(sentence(fault))", cause: fault)
    }
  }

  /// SQLite's own words without the statement and its arguments: they could hold message text.
  private static func sentence(_ fault: DatabaseError) -> String {
    "\(fault.message ?? "error") (\(fault.extendedResultCode.rawValue))"
  }
}

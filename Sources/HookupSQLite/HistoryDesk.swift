import GRDB
import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A history whatever becomes of its file: what is done when it is damaged, cannot be opened, cannot be written.
final class HistoryDesk: @unchecked Sendable {
  // Everything that changes is touched on the queue of the LocalHistory that owns it only.

  private enum State {
    case unopened
    case open(HistoryFile)
    /// There is no file, or none that can be used. Nothing is kept.
    case off
  }

  private let place: HistoryFile.Place
  private let tell: @Sendable (String) -> Void
  private var state = State.unopened
  private var writes = true
  private var hasSetAside = false

  init(file place: HistoryFile.Place, tell: @escaping @Sendable (String) -> Void) {
    self.place = place
    self.tell = tell
  }

  func held() -> ChatHeld { file()?.held ?? ChatHeld() }

  func page(of room: RoomName, before offset: UInt64?, limit: Int) -> [RoomEntry] {
    do {
      return try file()?.page(of: room, before: offset, limit: limit) ?? []
    } catch {
      failed(error)
      return []
    }
  }

  func write(_ records: [ChatRecord]) {
    guard writes, let file = file() else { return }
    do {
      try file.write(records)
    } catch {
      guard isDamage(error) else {
        writes = false
        let reason = SQLiteFault.error(error, using: place.path).message
        return tell(
          "the history on disk is not written any more (\(reason)): what is said from here on is asked of the server at the next start"
        )
      }
      failed(error)
      // Into the new one. Should that fail too, it is off.
      do { try self.file()?.write(records) } catch { failed(error) }
    }
  }

  func close() {
    if case .open(let file) = state { file.close() }
    state = .off
  }

  // MARK: When it goes wrong

  private func file() -> HistoryFile? {
    if case .unopened = state { open() }
    guard case .open(let file) = state else { return nil }
    return file
  }

  private func open() {
    do {
      state = .open(try HistoryFile(place))
    } catch {
      state = .off
      guard isDamage(error), !hasSetAside else { return tell(Self.sentence(error, place)) }
      setAside()
      // A damaged file was open until now, and is not any more.
      do { state = .open(try HistoryFile(place)) } catch { tell(Self.sentence(error, place)) }
    }
  }

  /// A read, or the second write of something, failed.
  private func failed(_ error: any Error) {
    guard case .open(let file) = state else { return }
    guard isDamage(error) else {
      return tell("the history on disk: \(SQLiteFault.error(error, using: place.path).message)")
    }
    let server = file.held.server
    file.close()
    state = .off
    guard !hasSetAside else {
      return tell("\(place.path) is damaged again: nothing is kept until the next start")
    }
    setAside()
    do {
      let fresh = try HistoryFile(place)
      if let server { try fresh.write([.server(server)]) }
      state = .open(fresh)
    } catch { tell(Self.sentence(error, place)) }
  }

  private func setAside() {
    hasSetAside = true
    let aside = place.path + ".damaged"
    // In this order: a log without its file is nobody's, a file without its log is what was written out.
    for suffix in ["", "-wal", "-shm"] {
      unlink(aside + suffix)
      rename(place.path + suffix, aside + suffix)
    }
    tell("the history on disk was damaged: it is now \(aside), and a new one is begun")
  }

  private func isDamage(_ error: any Error) -> Bool {
    guard let fault = error as? DatabaseError else { return false }
    switch fault.resultCode {
    // A statement that the tables do not fit: they are not ours.
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
      return true
    default: return false
    }
  }

  private static func sentence(_ error: any Error, _ place: HistoryFile.Place) -> String {
    let reason = SQLiteFault.error(error, opening: place.path)
    return reason.code == .locked
      ? "another hookup-chat uses \(place.directory): this one keeps no history on disk"
      : "no history is kept on disk: \(reason.message)"
  }
}

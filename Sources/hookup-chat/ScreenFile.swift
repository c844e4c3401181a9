import Dispatch
import Glibc
import HookupCore
import HookupEngine
import HookupTUI

/// The file `screen` in a profile's directory: what a run of the screen leaves to the next one. Mode 0600, replaced as a
/// whole, at most 4 MiB.
///
/// It holds conveniences: one that is damaged is renamed to `screen.damaged` and passed over, one that cannot be written
/// costs drafts and nothing else.
struct ScreenFile: Sendable {
  let path: String
  private let nick: Nick
  private let queue = DispatchQueue(label: "hookup.screen-file")

  init(directory: String, nick: Nick) {
    path = directory + "/screen"
    self.nick = nick
  }

  /// What the last run left: nil when there is none, or one of another nick.
  /// - Parameter tell: hears when it was damaged, in a sentence.
  func load(_ tell: (String) -> Void = { _ in }) -> SavedScreen? {
    guard let bytes = contents() else { return nil }
    do {
      guard bytes.count <= SavedScreen.maximumFileBytes else {
        throw HookupError(.corrupt, "it is longer than \(SavedScreen.maximumFileBytes >> 20) MiB")
      }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw HookupError(.corrupt, "it is no text")
      }
      return try SavedScreen(json: text, of: nick)
    } catch {
      rename(path, path + ".damaged")
      let reason = (error as? HookupError)?.message ?? "\(error)"
      tell(
        "what the last run left (\(path)) was damaged: \(reason). It is now \(path).damaged; windows and drafts begin anew"
      )
      return nil
    }
  }

  private func contents() -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= SavedScreen.maximumFileBytes {
      let count = read(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return bytes
  }

  /// Puts it in place of the one before: temporary, fsync, rename, on a thread that may wait for the disk.
  /// - Throws: ``HookupError/Code/storage``; then the one before is as it was.
  func save(_ saved: SavedScreen) async throws {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try write(saved.json(of: nick).text) }) }
    }
  }

  private func write(_ text: String) throws {
    let partial = path + ".partial"
    unlink(partial)
    let file = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw fault(partial) }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes.removeFirst(count)
    }
    let isWritten = bytes.isEmpty && fsync(file) == 0
    let failure = fault(partial)
    close(file)
    guard isWritten else {
      unlink(partial)
      throw failure
    }
    guard rename(partial, path) == 0 else { throw fault(path) }
  }

  private func fault(_ path: String) -> HookupError {
    let reason = strerror(errno).map { String(cString: $0) } ?? "errno \(errno)"
    return HookupError(
      .storage, "windows and drafts are not kept: \(path) cannot be written (\(reason))")
  }
}

import Glibc
import HookupCore
import HookupEngine

/// The least that an append can cost: one `pwrite` and one `fdatasync` to a file whose space is reserved.
final class RawLog {
  private let file: OpenFile
  private let files = SystemFiles()
  private var position = 0

  init(path: String) throws {
    file = try files.open(path, creating: true)
  }

  deinit { files.close(file) }

  /// Begins anew in space that was never written to, as an outbox does: to write again where something was costs less.
  func prepare(_ bytes: Int) throws {
    try files.truncate(file, to: 0)
    try files.reserve(file, bytes: bytes)
    try files.synchronize(file)
    position = 0
  }

  /// Writes all of `bytes` and makes them durable.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    try files.write(file, at: position, bytes)
    try files.synchronize(file)
    position += bytes.count
  }
}

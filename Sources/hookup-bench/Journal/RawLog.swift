import Glibc
import HookupCore
import HookupEngine

/// The least that an append can cost: one `pwrite` and one `fdatasync` to a file whose space is reserved.
final class RawLog {
  private let file: OpenFile
  private let files = SystemFiles()
  private var position = 0
  private let capacity: Int

  /// - Parameter capacity: bytes that are reserved; after them writing begins at the start again.
  init(path: String, capacity: Int) throws {
    self.capacity = capacity
    file = try files.open(path, creating: true)
    try files.reserve(file, bytes: capacity)
    try files.synchronize(file)
  }

  deinit { files.close(file) }

  /// Writes all of `bytes` and makes them durable.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    if position + bytes.count > capacity { position = 0 }
    try files.write(file, at: position, bytes)
    try files.synchronize(file)
    position += bytes.count
  }
}

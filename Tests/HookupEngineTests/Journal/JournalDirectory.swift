import Foundation

@testable import HookupEngine

/// A directory that goes when the test ends. It does not exist at first.
final class JournalDirectory: Sendable {
  let path: String

  init() {
    path =
      FileManager.default.temporaryDirectory.appending(path: "hookup-journal-\(UUID().uuidString)")
      .path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
  var segments: [String] { names.filter { $0.hasSuffix(".log") } }
  func data(_ name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
  }
  func write(_ data: Data, to name: String) throws {
    try data.write(to: URL(filePath: "\(path)/\(name)"))
  }

  func open(
    _ options: FileOutboxOptions = FileOutboxOptions(), epoch: UInt64 = 7
  ) throws -> FileOutbox {
    try FileOutbox.open(directory: path, options: options, freshEpoch: epoch)
  }
}

extension FileOutboxOptions {
  /// Small files, and settlements that go with the next write or at the end.
  static func small(sync: OutboxSync = .commit, cacheBytes: Int = 0) -> FileOutboxOptions {
    FileOutboxOptions(
      sync: sync, segmentBytes: 4_096, cacheBytes: cacheBytes, settleDelay: .seconds(60))
  }
}

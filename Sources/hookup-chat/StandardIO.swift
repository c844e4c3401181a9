import Dispatch
import Glibc
import HookupCore
import Synchronization

/// Standard error, for sentences to a person.
enum StandardError {
  static func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}

/// Standard output, one line a call, written at once: whoever reads a pipe sees each line when it happens.
enum StandardOutput {
  /// - Throws: ``HookupError/Code/storage`` when nobody reads any more, or the disk behind it is full.
  static func write(line: String) throws(HookupError) {
    var bytes = Array((line + "\n").utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw HookupError(
          .storage, "cannot write to standard output: \(String(cString: strerror(errno)))")
      }
      bytes = bytes.dropFirst(count)
    }
  }
}

/// The lines of standard input, in the batches in which they come, read on a thread of its own.
final class InputLines: Sendable {
  /// What one batch holds at most, bytes; a longer line comes whole, up to ``maximumLineBytes``.
  private static let batchBytes = 64 << 10
  /// A longer line is cut, which the message limit then refuses.
  private static let maximumLineBytes = 1 << 20

  private let queue = DispatchQueue(label: "hookup.input")
  private let reader = Mutex<CheckedContinuation<[String]?, Never>?>(nil)
  /// Touched on `queue` only.
  private nonisolated(unsafe) var rest: [UInt8] = []
  private nonisolated(unsafe) var hasEnded = false

  /// The next lines, at least one, without their line ends; nil at the end of the input or when the task is cancelled. Bytes that are not
  /// UTF-8 become U+FFFD.
  func next() async -> [String]? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        reader.withLock { $0 = continuation }
        if Task.isCancelled { answer(nil) }
        queue.async { self.answer(self.read()) }
      }
    } onCancel: {
      // The thread stays in its read until the input says something; nobody waits for it.
      answer(nil)
    }
  }

  private func answer(_ lines: [String]?) {
    let waiting = reader.withLock { reader in
      defer { reader = nil }
      return reader
    }
    waiting?.resume(returning: lines)
  }

  private func read() -> [String]? {
    while !hasEnded {
      var chunk = [UInt8](repeating: 0, count: Self.batchBytes)
      let count = chunk.withUnsafeMutableBytes {
        Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { hasEnded = true }
      rest.append(contentsOf: chunk.prefix(max(0, count)))
      if let lines = takeLines() { return lines }
    }
    guard !rest.isEmpty else { return nil }
    defer { rest = [] }
    return [String(decoding: rest, as: UTF8.self)]
  }

  private func takeLines() -> [String]? {
    guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else {
      guard rest.count > Self.maximumLineBytes else { return nil }
      rest.removeLast(rest.count - Self.maximumLineBytes)
      return nil
    }
    let lines = rest[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    rest = Array(rest[(end + 1)...])
    return lines.map { String(decoding: $0, as: UTF8.self) }
  }
}

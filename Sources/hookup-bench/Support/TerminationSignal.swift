import Dispatch
import Glibc

/// SIGTERM and SIGINT as something to wait for. Made once, before anything that must end in good order begins.
final class TerminationSignal: Sendable {
  private let stream: AsyncStream<Int32>
  /// Held, for a source that is let go is cancelled. Never touched after `init`.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Int32.self, bufferingPolicy: .bufferingOldest(1))
    self.stream = stream
    sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { @Sendable in continuation.yield(number) }
      source.activate()
      return source
    }
  }

  /// Returns when one came, or the task is cancelled.
  func wait() async {
    for await _ in stream { return }
  }
}

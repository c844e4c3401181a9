import NIOSSL
import Synchronization

/// The certificates in use by a server. New connections take what is here; those that are open keep what they began with.
final class TLSContextStore: Sendable {
  private struct State {
    var context: NIOSSLContext?
    /// The number of the reading that made ``context``.
    var reading: UInt64 = 0
    var lastReading: UInt64 = 0
  }

  private let state = Mutex(State())

  /// Nil without TLS.
  var context: NIOSSLContext? { state.withLock { $0.context } }

  /// Before the files are read: the number for ``set(_:reading:)``.
  func beginReading() -> UInt64 {
    state.withLock { state in
      state.lastReading += 1
      return state.lastReading
    }
  }

  /// Takes what the files held, unless a later reading was faster.
  func set(_ context: NIOSSLContext, reading: UInt64) {
    state.withLock { state in
      guard reading > state.reading else { return }
      state.reading = reading
      state.context = context
    }
  }

  func set(_ context: NIOSSLContext) {
    set(context, reading: beginReading())
  }
}

import HookupTUI
import Synchronization

/// The way from the screen to the network: effects in the order in which they arose, carried out one after the other by
/// a task of their own.
///
/// The screen never waits for it. While ``hasRoom`` is false the keyboard is not read, so that the queue grows beyond
/// its limit only by what one look at the keyboard brings.
final class EffectQueue: Sendable {
  /// Effects that wait before the keyboard is left alone. Less stalls typing on a slow disk; more only costs memory.
  static let maximumEffects = 256

  private struct State {
    var waiting = 0
    var isFull: Bool { waiting >= EffectQueue.maximumEffects }
  }

  private let state = Mutex(State())
  private let effects: AsyncStream<ScreenEffect>
  private let continuation: AsyncStream<ScreenEffect>.Continuation
  private let wake: @Sendable () -> Void

  /// `wake` is called when there is room again.
  init(wake: @escaping @Sendable () -> Void) {
    (effects, continuation) = AsyncStream.makeStream()
    self.wake = wake
  }

  var hasRoom: Bool { state.withLock { !$0.isFull } }

  func append(_ effect: ScreenEffect) {
    state.withLock { $0.waiting += 1 }
    continuation.yield(effect)
  }

  /// No more effects will come; ``perform(_:)`` returns when those that wait are done.
  func close() { continuation.finish() }

  /// Carries out effects until the queue is closed and empty.
  func perform(_ body: @Sendable (ScreenEffect) async -> Void) async {
    for await effect in effects {
      await body(effect)
      let hasRoomAgain = state.withLock { state in
        let wasFull = state.isFull
        state.waiting -= 1
        return wasFull && !state.isFull
      }
      if hasRoomAgain { wake() }
    }
  }
}

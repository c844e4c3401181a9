import Dispatch
import Glibc

/// Ends the process when a run takes longer than it possibly should: a measurement is bounded in time even when something
/// in it hangs.
struct Watchdog {
  private let timer: any DispatchSourceTimer

  /// - Parameter limit: for the whole run.
  init(limit: Duration) {
    timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + .seconds(Int(limit.components.seconds) + 1))
    timer.setEventHandler { @Sendable in
      Streams.complain("not done after \(limit): given up")
      _exit(1)
    }
    timer.activate()
  }

  func cancel() { timer.cancel() }
}

import Dispatch
import Glibc

/// Ends the process when a run takes longer than it possibly should: a measurement is bounded in time even when something
/// in it hangs.
struct Watchdog {
  private let timer: any DispatchSourceTimer

  /// - Parameters:
  ///   - limit: for the whole run.
  ///   - givingUp: what is done before the end, in no time.
  init(limit: Duration, givingUp: @escaping @Sendable () -> Void = {}) {
    timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + .seconds(Int(limit.components.seconds) + 1))
    timer.setEventHandler { @Sendable in
      Streams.complain("not done after \(limit): given up")
      givingUp()
      _exit(1)
    }
    timer.activate()
  }

  func cancel() { timer.cancel() }
}

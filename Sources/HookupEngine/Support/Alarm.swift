import HookupCore
import NIOCore

/// One machine's timer on an event loop: at most one task is scheduled, for the machine's next deadline.
struct Alarm {
  private var at: MonotonicInstant?
  private var scheduled: Scheduled<Void>?

  /// Sets, moves or stops the alarm; setting the same deadline again costs a comparison.
  ///
  /// An alarm that has rung must be set anew: the machine's answer to its timer event always passes here. A deadline that stays in
  /// the past rings again at once.
  mutating func set(
    _ deadline: MonotonicInstant?, on eventLoop: any EventLoop, ring: @escaping @Sendable () -> Void
  ) {
    guard deadline != at || (deadline.map { $0 <= .now } ?? false) else { return }
    scheduled?.cancel()
    at = deadline
    scheduled = deadline.map { eventLoop.scheduleTask(deadline: NIODeadline($0), ring) }
  }
}

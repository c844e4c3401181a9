import HookupCore
import NIOCore

/// A session's timer, from whatever thread it is set: it rings at the earliest deadline it was told, and looks again.
struct SessionAlarm: Sendable {
  private var at: MonotonicInstant?
  private var scheduled: Scheduled<Void>?

  /// An alarm that is early costs one look; one that is late is replaced.
  mutating func set(
    _ deadline: MonotonicInstant?, on eventLoop: any EventLoop, ring: @escaping @Sendable () -> Void
  ) {
    guard let deadline else {
      scheduled?.cancel()
      scheduled = nil
      at = nil
      return
    }
    if let at, at <= deadline { return }
    scheduled?.cancel()
    at = deadline
    scheduled = eventLoop.scheduleTask(deadline: NIODeadline(deadline), ring)
  }

  mutating func rang() {
    at = nil
    scheduled = nil
  }
}

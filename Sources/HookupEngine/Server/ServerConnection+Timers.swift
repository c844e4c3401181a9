import HookupCore
import NIOCore

/// Deadlines, on the event loop: each timer is armed for the earliest one and looks again when it fires.
extension ServerConnection {
  func scheduleAckTimer() {
    eventLoop.assertInEventLoop()
    state.withLock { state in
      guard !state.isOver, let deadline = state.tasks?.acks.nextDeadline else { return }
      // An earlier timer finds nothing expired and arms itself anew.
      if let timer = state.ackTimer, timer.at <= deadline { return }
      state.ackTimer?.task.cancel()
      let task = eventLoop.scheduleTask(deadline: NIODeadline(deadline)) { self.expireAcks() }
      state.ackTimer = (deadline, task)
    }
  }

  private func expireAcks() {
    let now = MonotonicInstant.now
    let failed = state.withLock { state in
      state.ackTimer = nil
      return state.acks.expire(now: now)
    }
    deliver(failed.map { (.ackFailed($0), 0) })
    scheduleAckTimer()
    if !failed.isEmpty { wakeWriters() }
  }

  func scheduleIdleTimer() {
    guard let idleTimeout else { return }
    state.withLock { state in
      guard !state.isOver else { return }
      state.idleTimer = eventLoop.scheduleTask(
        deadline: NIODeadline(state.lastMessage + idleTimeout)
      ) { self.checkIdle(idleTimeout) }
    }
  }

  private func checkIdle(_ idleTimeout: Duration) {
    let now = MonotonicInstant.now
    let isIdle = state.withLock { state in
      // A client that is not being read cannot be blamed for its silence.
      if !state.isReading { state.lastMessage = now }
      return state.lastMessage + idleTimeout <= now
    }
    if isIdle {
      beginClosing(.goingAway, reason: "idle", discardingQueued: false)
    } else {
      scheduleIdleTimer()
    }
  }
}

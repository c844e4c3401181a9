import HookupCore
import NIOCore

extension ServerConnection {
  /// What tasks have to do with a connection: the events they read, the acks they wait for, and those who wait. Under the lock of
  /// ``State``.
  final class TaskState {
    var inbound: InboundQueue<ServerEvent>
    var acks: AckTracker<Message>
    var ackTimer: (at: MonotonicInstant, task: Scheduled<Void>)?
    /// The task that waits in ``ServerConnection/nextEvents()``.
    var reader: CheckedContinuation<Void, Never>?
    /// Tasks that wait for room to send, by a number of their own.
    var writers: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    var lastWriter: UInt64 = 0
    /// Tasks that wait for the end.
    var mourners: [CheckedContinuation<Void, Never>] = []

    init(_ limits: ServerLimits) {
      inbound = InboundQueue(
        maximumCount: limits.inboundEvents, maximumBytes: limits.inboundBytes)
      acks = AckTracker(limit: limits.messagesInFlight)
    }
  }
}

// What tasks share, made when something is changed in it.
extension ServerConnection.State {
  init(outbound: SendQueue, _ common: ServerConnection.Common) {
    self.outbound = outbound
    self.common = common
  }

  private mutating func madeTasks() -> ServerConnection.TaskState {
    if let tasks { return tasks }
    let made = ServerConnection.TaskState(common.limits)
    tasks = made
    return made
  }

  var inbound: InboundQueue<ServerEvent> {
    mutating get { madeTasks().inbound }
    _modify { yield &madeTasks().inbound }
  }

  var acks: AckTracker<Message> {
    mutating get { madeTasks().acks }
    _modify { yield &madeTasks().acks }
  }

  var ackTimer: (at: MonotonicInstant, task: Scheduled<Void>)? {
    get { tasks?.ackTimer }
    set { madeTasks().ackTimer = newValue }
  }

  var reader: CheckedContinuation<Void, Never>? {
    get { tasks?.reader }
    _modify { yield &madeTasks().reader }
  }

  var writers: [UInt64: CheckedContinuation<Void, any Error>] {
    get { tasks?.writers ?? [:] }
    _modify { yield &madeTasks().writers }
  }

  var lastWriter: UInt64 {
    get { tasks?.lastWriter ?? 0 }
    set { madeTasks().lastWriter = newValue }
  }

  var mourners: [CheckedContinuation<Void, Never>] {
    get { tasks?.mourners ?? [] }
    _modify { yield &madeTasks().mourners }
  }
}

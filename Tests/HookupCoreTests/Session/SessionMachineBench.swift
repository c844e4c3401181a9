@testable import HookupCore

/// Drives one machine by hand: events in, actions compared.
struct SessionMachineBench {
  var machine: SessionMachine
  var queue = ActionQueue<SessionMachine.Action>()
  var now = MonotonicInstant.zero

  init(_ change: (inout SessionMachine.Settings) -> Void = { _ in }) {
    var settings = SessionMachine.Settings()
    change(&settings)
    machine = SessionMachine(
      settings: settings, window: SendWindow(nextSequence: 1, pending: []),
      random: RandomSource(seed: 1))
  }

  mutating func feed(_ event: SessionMachine.Event) -> [SessionMachine.Action] {
    machine.handle(event, at: now, into: &queue)
    return queue.drain()
  }

  /// Brings the machine online as connection `number`.
  mutating func connect(_ number: UInt64 = 1) {
    _ = feed(number == 1 ? .start : .timer)
    _ = feed(.opened(number, .acks))
  }

  /// Stores one message that wants an ack.
  mutating func store(ticket: UInt64, timeout: Duration? = .seconds(5)) -> [SessionMachine.Action] {
    feed(.submitted(ticket, bytes: 10, ackTimeout: timeout))
      + feed(.stored(through: machine.window.next - 1))
  }
}

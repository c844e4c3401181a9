@testable import HookupCore

/// Drives one machine by hand: events in, actions compared.
struct ClientMachineBench {
  var machine: ClientMachine
  var queue = ActionQueue<ClientMachine.Action>()
  var now = MonotonicInstant.zero

  init(_ change: (inout ClientMachine.Settings) -> Void = { _ in }) {
    var settings = ClientMachine.Settings()
    change(&settings)
    machine = ClientMachine(
      settings: settings, window: SendWindow(nextSequence: 1, pending: []),
      random: RandomSource(seed: 1))
  }

  mutating func feed(_ event: ClientMachine.Event) -> [ClientMachine.Action] {
    machine.handle(event, at: now, into: &queue)
    return queue.drain()
  }

  /// Brings the machine online as connection `number`.
  mutating func connect(_ number: UInt64 = 1) {
    _ = feed(number == 1 ? .start : .timer)
    _ = feed(.opened(number, carriesAcks: true))
  }

  /// Stores one message that wants an ack.
  mutating func store(ticket: UInt64, timeout: Duration? = .seconds(5)) -> [ClientMachine.Action] {
    feed(.submitted(ticket, bytes: 10, ackTimeout: timeout))
      + feed(.stored(through: machine.window.next - 1))
  }
}

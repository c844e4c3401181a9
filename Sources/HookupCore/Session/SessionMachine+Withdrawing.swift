/// A message that was not sent can be withdrawn. It keeps its number: a skip with its tag goes on the wire in its place, so that the
/// numbering has no hole, whatever crashes in between.
///
/// On disk before it is on the wire, like a message: until the outbox has noted it, nothing is transmitted.
extension SessionMachine {
  mutating func withdraw(
    _ sequence: UInt64, _ ticket: Ticket, into actions: inout ActionQueue<Action>
  ) {
    guard window.canWithdraw(sequence), !withdrawing.contains(sequence) else {
      return actions.append(.refuseWithdrawal(ticket, whyNotWithdrawn(sequence)))
    }
    withdrawing.insert(sequence)
    actions.append(.withdraw(ticket, sequence))
  }

  private func whyNotWithdrawn(_ sequence: UInt64) -> HookupError {
    if sequence == 0 || sequence >= window.next {
      return HookupError(.invalidArgument, "message \(sequence) was not sent from here")
    }
    if window.isWithdrawn(sequence) || withdrawing.contains(sequence) {
      return HookupError(.refused, "message \(sequence) is withdrawn already")
    }
    guard window.isUnsettled(sequence) else {
      return HookupError(.refused, "message \(sequence) has left the outbox: it is too late")
    }
    return HookupError(
      .refused, "message \(sequence) may have been sent: it cannot be withdrawn any more")
  }

  /// That it is withdrawn survives everything from now on.
  mutating func withdrawn(
    _ sequence: UInt64, at now: MonotonicInstant, into actions: inout ActionQueue<Action>
  ) {
    guard withdrawing.remove(sequence) != nil else { return }
    if window.isUnsettled(sequence) {
      window.withdraw(sequence)
      if drained < drainTotal { drainTotal -= 1 }
      actions.append(.report(.withdrawn(sequence)))
      // Without a session nobody counts.
      if session == nil { forget(sequence, into: &actions) }
    }
    pump(at: now, into: &actions)
  }

  /// Nothing needs to stand for a withdrawn message.
  mutating func forget(_ sequence: UInt64, into actions: inout ActionQueue<Action>) {
    window.settle(sequence)
    actions.append(.settle(sequence))
    admitWaiting(into: &actions)
  }
}

import HookupCore

extension SendWindow {
  /// What an outbox held when it was opened.
  init(_ recovered: OutboxRecovery) {
    self.init(
      nextSequence: recovered.nextSequence, pending: recovered.pending,
      withdrawn: recovered.withdrawn)
  }
}

extension SessionIdentity {
  /// Who numbers what is in an outbox, as the identity file beside it says.
  ///
  /// A new numbering begins when the outbox is new, or older than the identity, or cannot show that it has all its numbers. What a
  /// crash brings back from below the base had its end before: its owner settles it.
  ///
  /// - Parameter known: the last numbering that the other side says it has heard of; 0 for none.
  init(
    _ value: InstallationIdentity, _ recovered: OutboxRecovery, after known: UInt64 = 0,
    random: UInt64
  ) {
    self.init(
      client: SessionID(high: value.high, low: value.low), epoch: value.epoch, base: value.base)
    guard
      value.epoch == 0 || value.outboxEpoch != recovered.epoch
        || value.base >= recovered.nextSequence
    else { return }
    epoch = Self.epoch(after: max(value.epoch, known), random: random)
    base = recovered.base
  }
}

extension ClientIdentityFile {
  /// Takes down under which numbering the outbox with epoch `outboxEpoch` goes on; durable when `completion` runs, on any thread.
  func renew(
    _ identity: SessionIdentity, outboxEpoch: UInt64,
    completion: @escaping @Sendable (Result<Void, HookupError>) -> Void
  ) {
    renew { value in
      value.high = identity.client.high
      value.low = identity.client.low
      value.epoch = identity.epoch
      value.base = identity.base
      value.outboxEpoch = outboxEpoch
    } completion: {
      completion($0)
    }
  }
}

extension OutboxRecovery {
  /// The number below the first that is pending, or else below the next.
  var base: UInt64 { (pending.firstSequence ?? nextSequence) - 1 }
}

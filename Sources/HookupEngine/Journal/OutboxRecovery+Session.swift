import HookupCore

extension SendWindow {
  /// What an outbox held when it was opened.
  init(_ recovered: OutboxRecovery) {
    self.init(
      nextSequence: recovered.nextSequence,
      pending: recovered.pending.map {
        (
          $0.sequence, $0.bytes,
          $0.ackTimeoutMilliseconds == 0 ? nil : .milliseconds($0.ackTimeoutMilliseconds), $0.tag
        )
      })
  }
}

extension SessionIdentity {
  /// Who numbers what is in an outbox, as the identity file beside it says.
  ///
  /// A new numbering begins when the outbox is new, or older than the identity, or cannot show that it has all its numbers. What a
  /// crash brings back from below the base had its end before: its owner settles it.
  init(_ value: InstallationIdentity, _ recovered: OutboxRecovery, freshEpoch: UInt64) {
    self.init(
      client: SessionID(high: value.high, low: value.low), epoch: value.epoch, base: value.base)
    guard
      value.epoch == 0 || value.outboxEpoch != recovered.epoch
        || value.base >= recovered.nextSequence
    else { return }
    epoch = freshEpoch
    base = recovered.base
  }
}

extension OutboxRecovery {
  /// The number below the first that is pending, or else below the next.
  var base: UInt64 { (pending.first?.sequence ?? nextSequence) - 1 }
}

/// A rule of the protocol that a driver breaks on purpose, to see that the oracle notices.
package enum Mutation: String, CaseIterable, Sendable {
  /// I1: an append counts as durable before its fsync.
  case transmitBeforeDurable
  /// I2: a delivery counts as committed before it is.
  case ackBeforeCommit
  /// I2: the effect and the cursor are two transactions.
  case twoTransactions
  /// I3: a message leaves the outbox when it is sent.
  case pruneAtSend
  /// I4: what is sent while connected goes past the outbox.
  case bypass
  /// I5: an fsync that failed is tried again on the same file, and believed.
  case retryFsync
  /// I6: what does not fit the disk is dropped and confirmed.
  case dropWhenFull
  /// §3.3 rule 1: a gap is passed over.
  case acceptGaps
  /// §3.3 rule 1: what was received before is taken again.
  case noDuplicateFilter
  /// §3.3 rule 2: nobody compares tags.
  case ignoreTags
  /// §3.3 rule 3: any connection wins, be it older.
  case noFencing
  /// §3.3 rule 5: a refusal is said once and not remembered.
  case forgetRefusals
  /// I1: a withdrawal counts as durable before its fsync.
  case withdrawBeforeDurable
  /// I3: what was withdrawn is not remembered.
  case forgetWithdrawals

  /// Whether it concerns withdrawals alone.
  package var isOfWithdrawals: Bool { self == .withdrawBeforeDurable || self == .forgetWithdrawals }

  package var rule: String {
    switch self {
    case .transmitBeforeDurable, .withdrawBeforeDurable: "I1"
    case .ackBeforeCommit, .twoTransactions: "I2"
    case .pruneAtSend, .forgetWithdrawals: "I3"
    case .bypass: "I4, rule 4"
    case .retryFsync: "I5"
    case .dropWhenFull: "I6"
    case .acceptGaps, .noDuplicateFilter: "rule 1"
    case .ignoreTags: "rule 2"
    case .noFencing: "rule 3"
    case .forgetRefusals: "rule 5"
    }
  }
}

/// Who a session's sender is and how its numbers stand on the wire.
///
/// On the wire a message has its number in the outbox less ``base``: so an outbox goes on under a new epoch, counting from 1,
/// without a byte of it being written again.
package struct SessionIdentity: Hashable, Sendable {
  package var client: SessionID
  /// The id of the numbering of what this side sends; 0 when it sends no numbered messages. Never used again once given up. Its
  /// upper half counts the numberings of this sender, its lower half is drawn: so the other side sees that a sender was rolled back
  /// to a numbering that it had given up.
  package var epoch: UInt64
  /// The outbox number below the first one of this epoch.
  package var base: UInt64

  package init(client: SessionID, epoch: UInt64, base: UInt64 = 0) {
    self.client = client
    self.epoch = epoch
    self.base = base
  }

  /// An id for the numbering that follows `epoch`, 0 for none; `random` is all of 64 bits.
  package static func epoch(after epoch: UInt64, random: UInt64) -> UInt64 {
    let count = min(epoch >> 32 + 1, UInt64(UInt32.max))
    return count << 32 | random & UInt64(UInt32.max)
  }

  /// Whether `epoch` cannot be of a later numbering than `other`, nor the same: one of them was given up, or is of a copy.
  package static func isStale(_ epoch: UInt64, beside other: UInt64) -> Bool {
    epoch != other && epoch >> 32 <= other >> 32
  }

  /// The number on the wire of outbox number `sequence`; 0 for one that is not above ``base`` and belongs to an earlier numbering.
  package func wire(_ sequence: UInt64) -> UInt64 { sequence > base ? sequence - base : 0 }

  /// The outbox number of number `wire`; nil when no outbox can have it.
  package func sequence(_ wire: UInt64) -> UInt64? {
    let (sum, overflows) = wire.addingReportingOverflow(base)
    return overflows ? nil : sum
  }
}

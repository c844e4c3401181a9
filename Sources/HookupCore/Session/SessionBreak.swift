/// Where a session's continuity broke, with the exact range as far as anybody knows it.
@nonexhaustive
public enum SessionBreak: Hashable, Sendable {
  /// The other side has forgotten these messages (a lost disk, a restored backup), and this side no longer has them: they were
  /// delivered once and are gone there. Numbers of this side's outbox.
  case forgotten(ClosedRange<UInt64>)
  /// Messages that the other side sent, were committed here once, and are no longer known here. Numbers of the other side.
  case lost(ClosedRange<UInt64>)
  /// This side's outbox was rolled back or copied: the other side knows these numbers with other contents, or numbers never given.
  /// They, and what follows, go again under a new numbering, marked as maybe delivered before. Empty when nothing waits.
  case renumbered(Range<UInt64>)
  /// The other side began a new numbering after number `last` of the old one: what it had sent beyond is not known here.
  case restarted(last: UInt64)

  /// One sentence for people.
  public var message: String {
    switch self {
    case .forgotten(let range):
      "the other side has lost messages \(range.lowerBound) to \(range.upperBound), which it had confirmed"
    case .lost(let range):
      "messages \(range.lowerBound) to \(range.upperBound) of the other side are lost: nobody has them any more"
    case .renumbered(let range):
      range.isEmpty
        ? "this outbox is an older copy of itself: its numbering starts anew"
        : "this outbox is an older copy of itself: messages \(range.lowerBound) to \(range.upperBound - 1) are sent "
          + "again and may arrive twice"
    case .restarted(let last):
      "the other side has begun a new numbering: what it sent after message \(last) is not known"
    }
  }
}

/// What each side of a session says first on a new connection: the client's `hello`, the server's `welcome`. Both have the same
/// fields but `client`, because each side both sends and receives.
///
/// All numbers are at most 2^53 - 1; the codec refuses more.
package struct SessionHello: Hashable, Sendable {
  /// The version of `hookup.resume` that is spoken.
  package static let version = 1
  /// The most refusals one hello can carry: as many as a window has messages.
  package static let maximumRefusals = Limits.inFlightMessages

  /// Whose session it is; only the client says it.
  package var client: SessionID?
  /// Drawn at random when the sender's process started: tells two copies of one directory apart.
  package var incarnation: UInt64
  /// The client's count of its dials; the server repeats the one it has accepted.
  package var connection: UInt64
  /// What the sender of this hello sends.
  package var sending: Sending
  /// What it has received of the other side's messages.
  package var receiving: Receiving
  /// Numbers of the other side that were refused, which it may not have heard; rising, at most ``maximumRefusals``.
  package var refusals: [Refusal]
  /// The highest number that the other side may send for now.
  package var credit: UInt64
  /// The largest message that is taken, bytes of content.
  package var maximumMessageBytes: Int

  package struct Sending: Hashable, Sendable {
    /// The id of this numbering; 0 when no numbered messages are sent.
    package var epoch: UInt64
    /// Held and unacked: the lowest number, and the highest that was ever given; `low` is `high` + 1 when nothing is held.
    package var low: UInt64
    package var high: UInt64
    /// The highest number that the other side was ever heard to have committed.
    package var acked: UInt64

    package init(epoch: UInt64, low: UInt64, high: UInt64, acked: UInt64) {
      self.epoch = epoch
      self.low = low
      self.high = high
      self.acked = acked
    }
  }

  package struct Receiving: Hashable, Sendable {
    /// The numbering it belongs to: the other side's epoch as far as known; 0 when none is.
    package var epoch: UInt64
    /// The highest number received *and committed*; nil when that is not known, because nothing durable remembers it.
    package var committed: UInt64?
    /// The tag of that message; 0 when there is none, or it is not known.
    package var tag: UInt64

    package init(epoch: UInt64, committed: UInt64?, tag: UInt64) {
      self.epoch = epoch
      self.committed = committed
      self.tag = tag
    }
  }

  package struct Refusal: Hashable, Sendable {
    package var sequence: UInt64
    package var reason: String

    package init(sequence: UInt64, reason: String) {
      self.sequence = sequence
      self.reason = reason
    }
  }

  package init(
    client: SessionID?, incarnation: UInt64, connection: UInt64, sending: Sending,
    receiving: Receiving, refusals: [Refusal] = [], credit: UInt64, maximumMessageBytes: Int
  ) {
    self.client = client
    self.incarnation = incarnation
    self.connection = connection
    self.sending = sending
    self.receiving = receiving
    self.refusals = refusals
    self.credit = credit
    self.maximumMessageBytes = maximumMessageBytes
  }
}

import NIOCore

/// One frame of the subprotocol `hookup.resume.v1`, as the page Protocol describes it.
package enum ResumeFrame: Hashable, Sendable {
  /// The client's first frame.
  case hello(SessionHello)
  /// The server's answer, its first frame.
  case welcome(SessionHello)
  /// A numbered message: delivered exactly once and in order.
  case numbered(Numbered)
  /// A message past the numbering: lives as long as its connection.
  case plain(Message.Content)
  /// All numbers up to `through` are committed here; numbers up to `credit` may be sent.
  case ack(through: UInt64, credit: UInt64)
  /// This number is committed, and refused for good.
  case nack(sequence: UInt64, reason: String)
  /// The sender's numbers up to `through`, which has `tag`, that have not come will never come: see ``SkipReason``.
  case skip(through: UInt64, tag: UInt64, reason: SkipReason)
  /// The connection is about to be closed on purpose.
  case bye(Bye)

  package struct Numbered: Hashable, Sendable {
    package var sequence: UInt64
    /// Drawn at random when the message was taken in: what tells this message from another one of the same number.
    package var tag: UInt64
    /// Whether it may have been delivered before.
    package var isRedelivered: Bool
    package var content: Message.Content

    package init(
      sequence: UInt64, tag: UInt64, isRedelivered: Bool = false, content: Message.Content
    ) {
      self.sequence = sequence
      self.tag = tag
      self.isRedelivered = isRedelivered
      self.content = content
    }
  }

  package enum SkipReason: String, Hashable, Sendable, CaseIterable {
    /// The sending program took them back, or they could not be sent.
    case withdrawn
    /// They were committed by the other side once, and it has forgotten them; nobody has them any more.
    case lost
  }

  package struct Bye: Hashable, Sendable {
    package var reason: String
    /// Whether the session goes on with a later connection.
    package var resumes: Bool
    /// When to come back, at the earliest and the latest, in milliseconds; nil: as usual.
    package var after: ClosedRange<Int>?

    package init(reason: String, resumes: Bool, after: ClosedRange<Int>? = nil) {
      self.reason = reason
      self.resumes = resumes
      self.after = after
    }
  }
}

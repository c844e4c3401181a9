extension SessionMachine {
  /// Names one dialled connection; counts up. What comes late from an earlier one is recognised by it and ignored.
  package typealias ConnectionNumber = UInt64
  /// Names one call of `send` until it has its number in the outbox.
  package typealias Ticket = UInt64

  /// How messages travel on one connection.
  package enum Carriage: Hashable, Sendable {
    /// Without acks: written means done.
    case plain
    /// One ack for each message that wants one.
    case acks
    /// `hookup.resume.v1`. `connection` is how often this client has dialled, this time included, durably counted.
    case resume(connection: UInt64)
  }

  package enum Event: Equatable, Sendable {
    // The program.
    case start
    case submitted(Ticket, bytes: Int, ackTimeout: Duration?)
    /// The caller of `send` was cancelled while it waited for room.
    case cancelled(Ticket)
    /// The message of this number is not to be sent, if it was not: answered by `withdraw` or `refuseWithdrawal`.
    case withdrawalRequested(Ticket, UInt64)
    /// The application's own greeting on this connection is done.
    case greeted(ConnectionNumber)
    case reconnectRequested
    /// Go offline and stay so until `reconnectRequested`.
    case offlineRequested
    /// The program does not read its events as fast as they come (true), or has caught up (false).
    case readerIsBehind(Bool)
    case stop

    // The connection.
    /// Only a client dials.
    case opened(ConnectionNumber, Carriage)
    case openFailed(ConnectionNumber, OpenFailure)
    case closed(ConnectionNumber, code: UInt16, reason: String)
    case writable(ConnectionNumber, Bool)
    case stalled(ConnectionNumber, Bool)
    case roundTrip(ConnectionNumber, Duration)
    /// The bytes of this message went to the kernel.
    case written(ConnectionNumber, UInt64)
    case acked(ConnectionNumber, id: UInt64)
    /// The wire format cannot carry this message, now or later.
    case unsendable(UInt64)

    // The other side of a session. All numbers as on the wire.
    /// A client's first frame, and what is remembered of its numbering. Only a server gets it, and it opens the connection.
    case hello(ConnectionNumber, SessionHello, ReceiveWindow.Memory)
    /// The server's first frame.
    case welcome(ConnectionNumber, SessionHello)
    case numbered(ConnectionNumber, sequence: UInt64, tag: UInt64, isRedelivered: Bool)
    case skipped(ConnectionNumber, through: UInt64, tag: UInt64, ResumeFrame.SkipReason)
    case acknowledged(ConnectionNumber, through: UInt64, credit: UInt64)
    case rejected(ConnectionNumber, sequence: UInt64, reason: String)
    case saidBye(ConnectionNumber, ResumeFrame.Bye)

    // What became of deliveries, in their order.
    /// The effects of all numbers up to this one, and the cursor, are durable.
    case committed(through: UInt64)
    /// This number was refused for good, and the cursor that says so is durable.
    case refused(UInt64, reason: String)
    /// What was delivered and not yet committed cannot be: it is to come again.
    case commitFailed(HookupError)

    // The outbox.
    case stored(through: UInt64)
    case storeFailed(ClosedRange<UInt64>, HookupError)
    /// That this message is withdrawn is durable.
    case withdrawalStored(UInt64)
    /// That could not be stored: the message is sent after all.
    case withdrawalFailed(UInt64)
    /// These numbers were read and can be transmitted, in rising order; empty when nothing was left to read.
    case loaded(ConnectionNumber, [UInt64])
    case loadFailed(ConnectionNumber, HookupError)

    /// `nextDeadline` has passed.
    case timer
  }

  package struct OpenFailure: Equatable, Sendable {
    package var error: HookupError
    /// Dialling again would end the same way: bad credentials, no common subprotocol.
    package var isPermanent: Bool
    /// What the server asked to wait at least (`Retry-After`).
    package var retryAfter: Duration?

    package init(error: HookupError, isPermanent: Bool = false, retryAfter: Duration? = nil) {
      self.error = error
      self.isPermanent = isPermanent
      self.retryAfter = retryAfter
    }
  }

  package enum Action: Equatable, Sendable {
    case open(ConnectionNumber)
    case close(ConnectionNumber, code: UInt16, reason: String)
    case abort(ConnectionNumber)
    /// Stop or resume reading from the socket.
    case setReading(ConnectionNumber, Bool)
    /// Append this caller's message under this number, then feed `stored` or `storeFailed`.
    case append(Ticket, UInt64, tag: UInt64)
    /// `send` fails with this.
    case refuse(Ticket, HookupError)
    /// `send` of these numbers returns: they are durable.
    case accept(ClosedRange<UInt64>)
    /// `send` of these numbers fails.
    case reject(ClosedRange<UInt64>, HookupError)
    /// Note durably in the outbox that this message is withdrawn, then feed `withdrawalStored` or `withdrawalFailed`, and tell the caller.
    case withdraw(Ticket, UInt64)
    /// Withdrawing fails with this.
    case refuseWithdrawal(Ticket, HookupError)
    /// Read from the outbox, then feed `loaded` or `loadFailed`.
    case load(ConnectionNumber, from: UInt64, count: Int, bytes: Int)
    /// Write the loaded message, under this ack id if it has one.
    case transmit(ConnectionNumber, UInt64, id: UInt64?)
    /// Write the loaded message as number `wire` of a session.
    case transmitNumbered(
      ConnectionNumber, UInt64, wire: UInt64, tag: UInt64, isRedelivered: Bool)
    /// Write this frame.
    case frame(ConnectionNumber, ResumeFrame)
    /// Hand the message that was just read to the program, then feed `committed`, `refused` or `commitFailed`.
    case deliver(sequence: UInt64, tag: UInt64, isRedelivered: Bool)
    /// Commit the cursor without any effect, in its turn among the deliveries, then feed `committed`.
    case pass(through: UInt64, tag: UInt64)
    /// Keep this durably, before the next dial counts, and before the numbering is used.
    case renew(SessionIdentity)
    /// Forget a loaded message that needs no sending.
    case discard(UInt64)
    /// Take it out of the outbox.
    case settle(UInt64)
    case report(Report)
    /// The client is done: `run()` returns or throws.
    case finish(HookupError?)
  }

  /// What the program is told.
  package enum Report: Equatable, Sendable {
    case connected(ConnectionNumber)
    case disconnected(reason: String)
    case reconnecting(attempt: Int, delay: Duration)
    /// Handed to the socket.
    case sent(UInt64)
    case acknowledged(UInt64)
    /// Committed by the other side of the session; numbers of the outbox.
    case delivered(ClosedRange<UInt64>)
    /// Given up: the other side refused it, or it could not be sent.
    case failed(UInt64, reason: String)
    /// Withdrawn, which is durable: it is never delivered.
    case withdrawn(UInt64)
    /// The session's continuity is broken: see ``SessionBreak``.
    case broken(SessionBreak)
    /// The ack is overdue (or can no longer come); the message is still in the outbox if `isKept`.
    case ackFailed(UInt64, isKept: Bool)
    case error(HookupError)
  }
}

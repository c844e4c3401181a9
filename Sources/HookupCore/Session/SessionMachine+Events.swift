extension SessionMachine {
  /// Names one dialled connection; counts up. What comes late from an earlier one is recognised by it and ignored.
  package typealias ConnectionNumber = UInt64
  /// Names one call of `send` until it has its number in the outbox.
  package typealias Ticket = UInt64

  package enum Event: Equatable, Sendable {
    // The program.
    case start
    case submitted(Ticket, bytes: Int, ackTimeout: Duration?)
    /// The caller of `send` was cancelled while it waited for room.
    case withdrawn(Ticket)
    /// The application's own greeting on this connection is done.
    case greeted(ConnectionNumber)
    case reconnectRequested
    /// Go offline and stay so until `reconnectRequested`.
    case offlineRequested
    /// The program does not read its events as fast as they come (true), or has caught up (false).
    case readerIsBehind(Bool)
    case stop

    // The connection.
    case opened(ConnectionNumber, carriesAcks: Bool)
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

    // The outbox.
    case stored(through: UInt64)
    case storeFailed(ClosedRange<UInt64>, HookupError)
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
    case append(Ticket, UInt64)
    /// `send` fails with this.
    case refuse(Ticket, HookupError)
    /// `send` of these numbers returns: they are durable.
    case accept(ClosedRange<UInt64>)
    /// `send` of these numbers fails.
    case reject(ClosedRange<UInt64>, HookupError)
    /// Read from the outbox, then feed `loaded` or `loadFailed`.
    case load(ConnectionNumber, from: UInt64, count: Int, bytes: Int)
    /// Write the loaded message, under this ack id if it has one.
    case transmit(ConnectionNumber, UInt64, id: UInt64?)
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
    /// The ack is overdue (or can no longer come); the message is still in the outbox if `isKept`.
    case ackFailed(UInt64, isKept: Bool)
    case error(HookupError)
  }
}

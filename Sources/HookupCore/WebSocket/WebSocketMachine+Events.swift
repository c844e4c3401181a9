import NIOCore

extension WebSocketMachine {
  /// What happened.
  package enum Event: Equatable, Sendable {
    /// Bytes came from the peer.
    case received(ByteBuffer)
    /// ``WebSocketMachine/nextDeadline`` has passed. Too early is harmless.
    case timer
    /// The owner was handed the messages that `reportDelivered` came behind.
    case delivered
    /// All bytes handed over for writing so far have gone to the kernel.
    case flushed
    /// The owner stops (false) or resumes (true) reading.
    case reading(Bool)
    /// The owner begins the closing handshake. A code that may not stand on the wire is sent as a close frame without
    /// one; a reason is cut to 123 bytes.
    case close(CloseCode, reason: String)
    /// The owner wants the socket gone at once.
    case abort
    /// The socket or TLS failed with this error, in words; `disconnected` follows.
    case failed(String)
    /// The socket is closed, by whomever. The last event.
    case disconnected
  }

  /// What is to be done, in this order.
  package enum Action: Equatable, Sendable {
    /// Hand a message to the owner.
    case deliver(WireFrame)
    /// Feed `delivered` back: the owner has the messages ordered before, and has had its chance to answer them.
    case reportDelivered
    /// Write these bytes, behind all that was handed over before.
    case write(ByteBuffer)
    /// Tell the owner the round trip of a ping.
    case measured(Duration)
    /// Tell the owner that the peer does not answer (true), or that it was heard again (false).
    case stalled(Bool)
    /// Stop or resume reading the socket.
    case read(Bool)
    /// Close the socket's sending half once everything is written; go on reading.
    case closeOutput
    /// Close the socket once everything is written.
    case closeSocket
    /// Close the socket now.
    case abort
    /// Tell the owner that it is over, and why. The last action.
    case closed(code: CloseCode, reason: String, byPeer: Bool)
  }
}

import HookupCore
import NIOCore

extension HookupServer {
  /// What a broadcast does about a client whose send buffer is full.
  @nonexhaustive
  public enum FullBufferPolicy: Hashable, Sendable {
    /// Waits until it has room; at most ``ServerLimits/stallTimeout``, after which that client is closed. All others have
    /// got the message by then.
    case wait
    /// Leaves it out, and says so in ``BroadcastOutcome/missed``.
    case skip
    /// Closes it with 4108 "slow consumer".
    case close
  }

  /// Whom a broadcast reached.
  public struct BroadcastOutcome: Hashable, Sendable {
    /// Connections that took the message.
    public var taken = 0
    /// Connections that were open, wanted, and did not take it, because their buffer was full or their subprotocol cannot
    /// carry it.
    public var missed: [ServerConnection.ID] = []
  }

  /// Sends a message to every open connection that `include` wants: `broadcast(.text("hi")) { $0 != sender }`.
  ///
  /// It is encoded once for each wire format in use, not for each receiver; only a message that wants acks has an id of
  /// its own in each connection and is encoded for each, and so is one to a session with ``SessionOptions/replay``. Broadcasts and sends of one task reach a connection in the order of
  /// the calls.
  /// - Parameters:
  ///   - whenFull: what happens to clients that read too slowly.
  ///   - include: called once for each connection, on the caller's task.
  /// - Throws: `CancellationError` when the task is cancelled while it waits for slow clients.
  @discardableResult
  public func broadcast(
    _ message: Message, whenFull: FullBufferPolicy = .wait,
    where include: (ServerConnection) -> Bool = { _ in true }
  ) async throws -> BroadcastOutcome {
    try await HookupServer.broadcast(
      message, to: registry.all.filter(include), whenFull: whenFull)
  }

  /// The same for a list of connections that the caller keeps: the members of a room.
  @discardableResult
  public static func broadcast(
    _ message: Message, to connections: some Sequence<ServerConnection>,
    whenFull: FullBufferPolicy = .wait
  ) async throws -> BroadcastOutcome {
    var outcome = BroadcastOutcome()
    var full: [ServerConnection] = []
    if message.ackTimeout == nil {
      sendEncoded(message.content, to: connections, outcome: &outcome, full: &full)
    } else {
      for connection in connections {
        do {
          if try connection.trySend(message) { outcome.taken += 1 } else { full.append(connection) }
        } catch {
          if error.code != .closed { outcome.missed.append(connection.id) }
        }
      }
    }
    try await settle(full, message, whenFull, outcome: &outcome)
    return outcome
  }

  /// One encoding for each wire format, one wake-up for each event loop.
  private static func sendEncoded(
    _ content: Message.Content, to connections: some Sequence<ServerConnection>,
    outcome: inout BroadcastOutcome, full: inout [ServerConnection]
  ) {
    var frames: [String: ByteBuffer?] = [:]
    var drains = Drains()
    for connection in connections {
      if let session = connection.numberedSession {
        // It has its place among what is sent to that client.
        switch Result(catching: { () throws(HookupError) in try session.trySend(Message(content)) })
        {
        case .success(true): outcome.taken += 1
        case .success(false): full.append(connection)
        case .failure: outcome.missed.append(connection.id)
        }
        continue
      }
      let name = connection.subprotocol
      if frames[name] == nil {
        // Two formats never share a name in one server.
        frames[name] = .some(
          (try? connection.format.encode(.message(content))).map(WebSocketFrameEncoder.encode))
      }
      guard let frame = frames[name] ?? nil else {
        outcome.missed.append(connection.id)
        continue
      }
      switch connection.send(encoded: frame) {
      case .taken: outcome.taken += 1
      case .takenNeedsDrain:
        outcome.taken += 1
        drains.add(connection)
      case .full: full.append(connection)
      case .closed: break
      }
    }
    drains.run()
  }

  private static func settle(
    _ full: [ServerConnection], _ message: Message, _ policy: FullBufferPolicy,
    outcome: inout BroadcastOutcome
  ) async throws {
    for connection in full {
      switch policy {
      case .wait:
        do {
          try await connection.send(message)
          outcome.taken += 1
        } catch let error as HookupError where error.code == .closed {
          // Gone meanwhile, perhaps for being slow.
          outcome.missed.append(connection.id)
        }
      case .skip: outcome.missed.append(connection.id)
      case .close:
        connection.beginClosing(
          .slowConsumer, reason: "slow consumer", discardingQueued: true)
        outcome.missed.append(connection.id)
      }
    }
  }
}

import HookupCore
import Logging
import NIOCore
import Synchronization

/// One client of a ``HookupServer``, from the end of the opening handshake on.
///
/// It may be kept and used from any task. What its client says comes out of ``events``, which one task at a time
/// reads; ``send(_:)`` and the rest may be called by many.
public final class ServerConnection: Sendable, Identifiable {
  /// Names a connection among all that its server ever had; they count up from 1.
  public struct ID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let number: UInt64
    init(number: UInt64) { self.number = number }
    public var description: String { String(number) }
    public static func < (left: ID, right: ID) -> Bool { left.number < right.number }
  }

  public let id: ID
  /// The request that opened it.
  public let request: ServerRequest
  /// The wire format spoken: the negotiated subprotocol's, or the server's default.
  public let format: any WireFormat
  let common: Common
  let eventLoop: any EventLoop
  let state: Mutex<State>
  private let storage = Mutex<[ObjectIdentifier: any Sendable]>([:])

  /// What several threads touch, under the lock: values and references only, effects happen after it is released.
  struct State: ~Copyable {
    /// Nil before the pipeline is set up and after the connection is over.
    var webSocket: (any WebSocketConnection)?
    var outbound: SendQueue
    var phase = Phase.open
    /// Nil until a task has to do with this connection: under a ``FrameHandler`` often never.
    var tasks: TaskState?
    /// Nil unless it speaks `hookup.resume.v1`.
    var session: SessionLink?
    let common: Common
    var isDrainScheduled = false
    /// The frame handler is being called with what a read brought.
    var isServingFrames = false
    /// The client has said its last word, and the handler may still have to answer what came before.
    var isConclusionDue = false
    var isReading = true
    var roundTrip: Duration?
    var isStalled = false
    var lastMessage = MonotonicInstant.zero
    var idleTimer: Scheduled<Void>?
    var stallTimer: Scheduled<Void>?
  }

  /// What all connections of a server have in common.
  final class Common: Sendable {
    let limits: ServerLimits
    let policy: AcknowledgementPolicy
    let idleTimeout: Duration?
    let frameHandler: (any FrameHandler)?
    let logger: Logger
    let registry: ConnectionRegistry
    let sessions: SessionRegistry?

    init(_ server: HookupServer) {
      limits = server.configuration.limits
      policy = server.configuration.acknowledgements
      idleTimeout = server.configuration.idleTimeout
      frameHandler = server.frameHandler
      logger = server.logger
      registry = server.registry
      sessions = server.sessions
    }
  }

  enum Phase: Hashable, Sendable {
    /// Can transition to closing, closed.
    case open
    /// This side began to close: nothing more is sent, what arrives is dropped. Can transition to closed.
    case closing
    case closed(DisconnectReason)
  }

  init(
    id: ID, request: ServerRequest, format: any WireFormat, common: Common,
    eventLoop: any EventLoop
  ) {
    self.id = id
    self.request = request
    self.format = format
    self.common = common
    self.eventLoop = eventLoop
    var initial = State(outbound: SendQueue(highBytes: common.limits.sendBufferHighBytes), common)
    if common.frameHandler == nil { initial.inbound.append(.connected, bytes: 0) }
    if common.sessions != nil, format is ResumeFormat { initial.session = SessionLink() }
    state = Mutex(initial)
  }

  /// The server's logger with this connection's id and address. Made anew each time: most connections never say anything.
  public var logger: Logger {
    var logger = common.logger
    logger[metadataKey: "connection"] = "\(id)"
    logger[metadataKey: "remote"] = "\(request.remoteAddress)"
    return logger
  }

  var limits: ServerLimits { common.limits }
  var policy: AcknowledgementPolicy { common.policy }
  var idleTimeout: Duration? { common.idleTimeout }
  /// Serves this connection on its event loop; nil when a task reads its ``events``.
  var frameHandler: (any FrameHandler)? { common.frameHandler }

  /// The client's numeric address, for bans and limits: ``ServerRequest/remoteHost`` of its request.
  public var clientAddress: String { request.remoteHost }

  /// The name of the wire format spoken: the negotiated subprotocol, or that of the server's default.
  public var subprotocol: String { format.subprotocol }

  /// Whether messages can still be sent.
  public var isOpen: Bool { state.withLock { $0.phase == .open } }

  /// The last measured round trip of a ping; nil before the first.
  public var roundTrip: Duration? { state.withLock { $0.roundTrip } }

  /// Whether the client has been silent since it was pinged.
  public var isStalled: Bool { state.withLock { $0.isStalled } }

  /// Why it ended; nil while it lives.
  public var disconnectReason: DisconnectReason? {
    state.withLock { if case .closed(let reason) = $0.phase { reason } else { nil } }
  }

  /// The handler's own state of this connection, by key: a type that conforms to ``ConnectionStateKey``.
  public subscript<Key: ConnectionStateKey>(key: Key.Type) -> Key.Value? {
    get { storage.withLock { $0[ObjectIdentifier(key)] as? Key.Value } }
    set { storage.withLock { $0[ObjectIdentifier(key)] = newValue } }
  }

  /// Changes the state under `key` in one step: nobody sees or changes it in between. `change` must not touch this
  /// connection's state again.
  public func update<Key: ConnectionStateKey, Result: Sendable>(
    _ key: Key.Type, _ change: (inout Key.Value?) throws -> sending Result
  ) rethrows -> Result {
    try storage.withLock { storage in
      var value = storage[ObjectIdentifier(key)] as? Key.Value
      defer { storage[ObjectIdentifier(key)] = value }
      return try change(&value)
    }
  }
}

/// A key for a connection's state, and the type of the value under it:
/// `enum NickKey: ConnectionStateKey { typealias Value = String }`, then `connection[NickKey.self] = "ada"`.
public protocol ConnectionStateKey {
  associatedtype Value: Sendable
}

extension ServerConnection: Hashable {
  public static func == (left: ServerConnection, right: ServerConnection) -> Bool {
    left === right
  }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(self))
  }
}

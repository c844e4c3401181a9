import HookupCore
import NIOCore

/// Everything a ``HookupClient`` can be told. Each feature is on or off by itself; the defaults lose nothing while the program
/// runs, and with ``Buffer/file(directory:sync:)` nothing at all.
public struct ClientConfiguration: Sendable {
  /// Where messages wait that cannot go out yet.
  public enum Buffer: Sendable {
    /// Nowhere: `send` throws while disconnected, and what is unacked when the connection ends has failed.
    case none
    /// In memory: survives the connection, not the program.
    case memory
    /// In files in this directory, made with mode 0700 if need be and locked against a second process: survives `kill -9` at any
    /// instruction, and with the default ``OutboxSync/commit`` the loss of power.
    case file(directory: String, sync: OutboxSync = .commit)
  }

  /// What `send` does when the buffer is full.
  public enum WhenFull: Sendable {
    /// It waits until there is room. The default.
    case wait
    /// It throws ``HookupError/Code/bufferFull``.
    case fail
  }

  /// What becomes of a message whose ack does not come.
  public enum Unacked: Sendable {
    /// It stays in the buffer and goes again on the next connection, until it is acked: nothing is lost; a peer without a
    /// duplicate filter may see it twice. The default.
    case keep
    /// After its deadline it is reported and forgotten, as the original library does: nothing is doubled, it may be lost.
    case drop
  }

  /// The wire formats offered as subprotocols, in order of preference. Default ``JSONProtocolFormat`` alone (offer peers of the
  /// original exactly one). With ``ResumeFormat`` among them, and a server that has sessions, messages arrive exactly once. Empty: none is offered and ``SimpleJSONFormat`` is spoken, as with any plain WebSocket server.
  public var formats: [any WireFormat] = [JSONProtocolFormat()]
  /// Whether a server that selects none of ``formats`` is refused (the default) or spoken to in ``SimpleJSONFormat``, without
  /// acks; that is said by an ``ClientEvent/error(_:)``.
  public var requiresSubprotocol = true
  /// Extra headers of the opening handshake, e.g. `Origin`; a `Host` or `Authorization` among them wins over what would be sent
  /// otherwise.
  public var headers: [(name: String, value: String)] = []
  /// Who the client says it is; nil, the default, for the user part of the URL, if it has one.
  public var authorization: ClientAuthorization?
  /// Sent in one Cookie header. None by default.
  public var cookies: [(name: String, value: String)] = []
  /// The way to the server. Default: what the environment says (`https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`).
  public var proxy = ClientProxy.environment
  /// The most redirects that one attempt follows. Default 5; 0 takes a redirect for a refusal, many let a server lead the client
  /// about. Never from `wss://` to `ws://`; credentials and cookies stay behind when scheme, host or port change.
  public var maximumRedirects = 5
  public var tls = TLSOptions()
  /// Name resolution, TCP, proxy, TLS, redirects and the opening handshake together. Default 10 s; shorter gives up on slow links, longer hides dead hosts.
  public var connectTimeout = Duration.seconds(10)
  /// Pings and half-open detection; nil for none. Default: ping after 15 s of silence, dead after 10 s more.
  public var keepalive: KeepaliveSettings? = KeepaliveSettings()
  /// Compression of messages, with servers that can do it too. Default nil: none is offered. It saves bytes on slow or paid
  /// links, and costs time for each message and memory for the connection: see ``CompressionSettings``.
  public var compression: CompressionSettings?
  public var reconnect = ReconnectPolicy.forever
  /// Default: in memory.
  public var buffer = Buffer.memory
  public var whenFull = WhenFull.wait
  public var unacked = Unacked.keep
  /// The buffer's limits: messages (default 100,000) and payload bytes (default 64 MiB).
  public var maximumBufferedMessages = Limits.outboxMessages
  public var maximumBufferedBytes = Limits.outboxBytes
  /// The largest message either way, bytes: for `send` with its envelope, some 30 more than the text. Default 1 MiB. `send` throws beyond it; a larger one received closes 1009.
  public var maximumMessageBytes = Limits.maximumMessageBytes
  /// Sent and not yet acked: messages (default 1,024) and bytes (default 4 MiB). Small windows make long links slow.
  public var maximumInFlightMessages = Limits.inFlightMessages
  public var maximumInFlightBytes = Limits.inFlightBytes
  /// How many events may wait for the reader of ``HookupClient/events`` before the socket is read no further. Default 1,024.
  public var maximumQueuedEvents = Limits.inboundEvents
  /// Report ``ClientEvent/sent(sequence:)``. Default off.
  public var reportsSent = false
  /// The program speaks first on each connection (``HookupClient/sendNow(_:)``) and then calls ``HookupClient/ready()``; until then
  /// nothing that was buffered goes out. Default off.
  public var awaitsReady = false
  /// After giving up (attempts exhausted, refused for good) wait for ``HookupClient/reconnect()`` instead of ending `run()`.
  /// Default off.
  public var staysAfterGivingUp = false

  public init() {}
}

extension ClientConfiguration {
  var machineSettings: SessionMachine.Settings {
    var settings = SessionMachine.Settings()
    if case .none = buffer { settings.keepsWhileDisconnected = false }
    settings.whenFull = whenFull == .wait ? .wait : .refuse
    settings.unacked = unacked == .keep ? .keep : .drop
    settings.maximumMessages = maximumBufferedMessages
    settings.maximumBytes = maximumBufferedBytes
    settings.maximumMessageBytes = maximumMessageBytes
    settings.inFlightMessages = maximumInFlightMessages
    settings.inFlightBytes = maximumInFlightBytes
    settings.awaitsGreeting = awaitsReady
    settings.staysAfterGivingUp = staysAfterGivingUp
    settings.reconnect = reconnect
    return settings
  }

  /// What is asked of each attempt to connect.
  /// - Throws: ``HookupError/Code/invalidArgument`` for a cookie that cannot be sent.
  func connectRequest(to url: WebSocketURL) throws(HookupError) -> WebSocketConnector.Request {
    var request = WebSocketConnector.Request(url: url, settings: webSocketSettings)
    request.headers = headers
    if let cookie = try CookieHeader.value(cookies) { request.headers.append(("Cookie", cookie)) }
    request.authorization = authorization
    request.subprotocols = formats.map(\.subprotocol)
    request.timeout = connectTimeout
    request.proxy = proxy
    request.maximumRedirects = maximumRedirects
    return request
  }

  var webSocketSettings: WebSocketSettings {
    WebSocketSettings(
      role: .client, maximumMessageBytes: maximumMessageBytes, keepalive: keepalive,
      compression: compression)
  }
}

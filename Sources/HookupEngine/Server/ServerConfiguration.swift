/// Everything a ``HookupServer`` can be told. With nothing changed it serves any WebSocket client on
/// `127.0.0.1`, port 8127, in the clear.
public struct ServerConfiguration: Sendable {
  /// Longest ``unixSocketPath``, bytes, that every system takes.
  public static let maximumUnixSocketPathBytes = 103

  /// The address to listen on: a numeric address or a name that resolves to one. Default `127.0.0.1`: this
  /// machine only. `0.0.0.0` or `::` listens on every interface, the whole network included.
  public var host = "127.0.0.1"

  /// The TCP port, 0...65535. Default 8127. 0 picks a free one, told to ``onStart``; ports below 1024 need
  /// privileges on most systems.
  public var port = 8127

  /// A Unix-domain socket to listen on instead of ``host`` and ``port``: its path, at most 103 bytes. Default nil. A
  /// socket file there on which nobody listens is replaced; any other file, and a socket in use, keep the server from
  /// starting. The file is removed at the end. Clients are not told apart by address.
  public var unixSocketPath: String?

  /// Who may connect to ``unixSocketPath``: its permissions, of which write counts. Default `0o600`, the server's own user;
  /// `0o660` adds its group, e.g. for a proxy; `0o666` everybody on the machine.
  public var unixSocketMode: UInt16 = 0o600

  /// TLS, so that clients use `wss://`. Default nil: in the clear, for a loopback address or behind a proxy
  /// that ends TLS.
  public var tls: ServerTLS?

  /// Which web pages may open a WebSocket. Default ``OriginPolicy/sameHost``: those that come from this server. Others are
  /// answered 403. Clients that are no browsers send no `Origin` and are let in.
  public var allowedOrigins = OriginPolicy.sameHost

  /// The names by which this server may be asked for: `chat.example.org`, `*.example.org` for all names below,
  /// `127.0.0.1`, `[::1]`; without ports, case does not matter. Default nil: any. Others are answered 421, except for
  /// ``pingPath``, which health checks ask for by address. Set it where the server trusts the network it is in: it keeps out
  /// web pages whose name an attacker has pointed at this server's address (DNS rebinding), to which such a page is the
  /// "same host".
  public var allowedHosts: [String]?

  /// Decides about each client that asks for a WebSocket, after the request was found right and ``allowedOrigins`` had no
  /// objection, before it is answered 101. Default nil: all are accepted. It sees the whole request, cookies and
  /// credentials included, and may take as long as is left of ``ServerLimits/handshakeTimeout``: then the client is
  /// answered 503. Its task is cancelled then, and when the client goes. Meanwhile the socket is not read. Not asked
  /// about plain HTTP.
  public var authorize: (@Sendable (ServerRequest) async -> Admission)?

  /// The subprotocols spoken, and what is spoken with a client that offers none. Default
  /// ``SubprotocolRegistry/standard``: `jsonProtocol`, `simpleJson`, and the latter without an offer, which any WebSocket
  /// client understands. The first that a client offers wins; one that offers only others is answered 426 and
  /// the list. Peers of the original that offer nothing and use acks all the same need `jsonProtocol` as the default.
  public var subprotocols = SubprotocolRegistry.standard

  /// When a message that asks for an ack gets it. Default ``AcknowledgementPolicy/onReceipt``.
  public var acknowledgements = AcknowledgementPolicy.onReceipt

  /// Sessions that outlive their connections, `hookup.resume.v1`, each message exactly once and in order. Default nil: none are
  /// offered. When set, clients that offer the subprotocol get it before any of ``subprotocols``; the others notice
  /// nothing. Not with a ``FrameHandler``.
  public var sessions: SessionOptions?

  /// Pings that find dead connections. Default: a ping after 15 s of silence, dead after 10 s more. Nil sends none:
  /// a client whose network vanished is then noticed only when a write to it fails, after many minutes.
  public var keepalive: KeepaliveSettings? = KeepaliveSettings()

  /// Compression of messages, with clients that offer it, as browsers do. Default nil: none. It saves bytes on slow or
  /// paid links, and costs time for each message and memory for each connection: see ``CompressionSettings``. What is
  /// encoded once for many, a broadcast, goes uncompressed all the same.
  public var compression: CompressionSettings?

  /// What one client and all of them together may use.
  public var limits = ServerLimits()

  /// How long a connection may go without a message from the client (pings do not count) before it is
  /// closed with 1001 "idle". Default nil: for ever, as long as pings are answered. A short time cuts off
  /// clients that only listen.
  public var idleTimeout: Duration?

  /// A directory whose files are served over plain HTTP, e.g. a web page that opens the WebSocket. Default nil:
  /// none. Names that begin with a dot and links that lead out of the directory are not served.
  public var publicDirectory: String?

  /// A path that answers GET and HEAD with 200, for the health check of a load balancer. Default `/ping`;
  /// nil answers none. It wins over a file of the same name.
  public var pingPath: String? = "/ping"

  /// What ``pingPath`` answers. Default `pong`, as text/plain.
  public var pingBody = "pong"

  /// Makes the pages that a plain GET or HEAD of a path gets; nil for a path at which there is none. ``pingPath`` and files of
  /// ``publicDirectory`` come first. Default: none.
  public var page: (@Sendable (String) async -> ServerPage?)?

  /// The `Server` header of HTTP answers, the opening handshake included. Default nil: none, which tells an
  /// attacker least.
  public var serverName: String?

  /// How long a graceful shutdown waits for clients to close and handlers to return. Default 10 s. Zero drops
  /// everybody at once; a long time may exceed what the service manager allows (systemd: 90 s) and end in a kill.
  public var shutdownTimeout = Duration.seconds(10)

  /// The close code clients get at shutdown; one that ``CloseCode/isAllowedOnWire``. Default 1001, "going away";
  /// ``CloseCode/serviceRestart`` says that the server comes back. Sessions get 4112, "restarting", in any case.
  public var shutdownCode = CloseCode.goingAway

  /// The reason beside ``shutdownCode``, at most 123 bytes of UTF-8. Default `going away`.
  public var shutdownReason = "going away"

  /// Over how long, at most, the sessions' clients are spread that a stopping server asks to come back; 0 to 600 s. Default 30 s. Few
  /// clients are not kept waiting: each counts for 10 ms, so that 500 come back within 5 s. Zero asks for nothing: all try again
  /// within a second, which a server with thousands of clients feels; a long time is how long the last of them are away.
  /// Clients without a session (``sessions``) cannot be asked and come back when they like.
  public var drainWindow = Duration.seconds(30)

  /// How long the server is away when it restarts; 0 to 600 s. Default 1 s. Nobody is asked back before: at zero the first
  /// clients of the ``drainWindow`` come before it listens again and have to try a second time; a long time keeps all of them
  /// waiting for nothing.
  public var restartTime = Duration.seconds(1)

  /// The proxies in front of this server, as addresses, blocks of them (`10.0.0.0/8`, `fd00::/8`), or `unix` for whoever connects over
  /// ``unixSocketPath``. Default none. For a connection from one of these the client's address is the last one in
  /// `X-Forwarded-For` that is no trusted proxy's: it counts for ``ServerLimits/maximumConnectionsPerAddress`` and is
  /// ``ServerRequest/remoteHost``. Without this all clients of a proxy share its address; with too wide a block anybody in it
  /// goes by whatever address he likes.
  public var trustedProxies: [String] = []

  /// Whether the ``trustedProxies`` send the PROXY protocol's header, version 1 or 2, in front of everything, TLS included. Default
  /// false. When true a connection from one of them that does not begin with it is closed; from others it is not
  /// looked for. The address in it is taken for the connection's own: if that is a trusted proxy's, ``trustedProxies`` goes on.
  public var usesProxyProtocol = false

  /// The event loop threads. Default nil: the process's shared ones, one a core. A number (1...1024) makes
  /// threads of the server's own, ended with it: 1 suits a small embedded server, more than the cores gains nothing.
  public var eventLoopThreads: Int?

  /// Runs handlers on the connection's event loop instead of Swift's thread pool. Default false. True saves two
  /// thread changes a batch (about a third of the cost of an echo); a handler that then blocks or computes
  /// for long holds up every other connection of that loop, their pings included.
  public var runsHandlersOnEventLoop = false

  /// Called once when the server listens, with the address clients reach it at. Default: nothing.
  public var onStart: @Sendable (ServerAddress) async -> Void = { _ in }

  /// Called once when the server has stopped and every connection is closed; not when it never listened.
  /// Default: nothing.
  public var onStop: @Sendable () async -> Void = {}

  public init(host: String = "127.0.0.1", port: Int = 8127) {
    self.host = host
    self.port = port
  }
}

/// When a message that asks for an ack gets it.
@nonexhaustive
public enum AcknowledgementPolicy: Hashable, Sendable {
  /// At once, by the server, before the message is delivered: "arrived", as the original has it. A crash of the
  /// handler after that loses the message although its sender was told that it arrived.
  ///
  /// A session's message is acked when the handler has taken it from ``ServerConnection/events`` and the cursor is committed.
  case onReceipt
  /// By the handler, when it has done with the message what it must not lose: the message comes as
  /// ``ServerEvent/request(_:_:)`` and its sender waits for ``Acknowledgement/confirm()``.
  case byHandler
}

/// Where a server listens.
public struct ServerAddress: Hashable, Sendable {
  /// The numeric address; empty for a Unix-domain socket.
  public var host: String
  /// 0 for a Unix-domain socket.
  public var port: Int
  /// The path of the Unix-domain socket; nil for TCP.
  public var unixSocketPath: String?
  /// Whether it speaks TLS.
  public var isSecure: Bool

  public init(host: String, port: Int, isSecure: Bool) {
    self.host = host
    self.port = port
    self.isSecure = isSecure
  }

  public init(unixSocketPath: String, isSecure: Bool) {
    self.init(host: "", port: 0, isSecure: isSecure)
    self.unixSocketPath = unixSocketPath
  }

  /// What a client connects to: `ws://127.0.0.1:8127/`, `wss://[::1]:8127/`, `ws+unix:/run/chat.sock`.
  public var url: String {
    if let unixSocketPath { return "\(isSecure ? "wss" : "ws")+unix:\(unixSocketPath)" }
    let literal = host.contains(":") ? "[\(host)]" : host
    return "\(isSecure ? "wss" : "ws")://\(literal):\(port)/"
  }
}

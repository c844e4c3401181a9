import HookupCore
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// Opens WebSockets as a client. Keep one for all attempts with the same TLS options: reading the trusted certificates is
/// then done once.
package struct WebSocketConnector: Sendable {
  /// An open connection and what the handshake agreed on.
  package struct Connected: Sendable {
    package let connection: any WebSocketConnection
    /// The name the server chose, one of those offered; nil when it chose none.
    package let subprotocol: String?
    /// All fields of the server's answer.
    package let headers: WebSocketHandshake.Headers
  }

  /// What is asked of an attempt.
  package struct Request: Sendable {
    package var url: WebSocketURL
    /// Further fields of the request, such as Cookie or Origin.
    package var headers: WebSocketHandshake.Headers = []
    /// For the Authorization header; nil for the URL's user part, if it has one.
    package var authorization: ClientAuthorization?
    /// The names to offer, most wanted first; may be empty.
    package var subprotocols: [String] = []
    /// For name resolution, TCP, the proxy, TLS, redirects and the handshake in all.
    package var timeout = Duration.seconds(10)
    package var proxy = ClientProxy.environment
    /// The most redirects to follow; none at 0.
    package var maximumRedirects = 5
    /// The role in it is taken as `client`.
    package var settings: WebSocketSettings

    package init(url: WebSocketURL, settings: WebSocketSettings) {
      self.url = url
      self.settings = settings
    }
  }

  /// Makes the resolver of one attempt, on its event loop.
  package typealias ResolverFactory =
    @Sendable (any EventLoop) -> any Resolver & Sendable

  private let tls: TLSOptions
  private let tlsContext = NIOLockedValueBox<NIOSSLContext?>(nil)
  private let resolver: ResolverFactory?
  private let environment: ProxyEnvironment?

  /// - Parameters:
  ///   - resolver: how names become addresses; nil for the system's way.
  ///   - environment: what is to be taken for the process's environment; nil for that itself, read at each attempt.
  package init(
    tls: TLSOptions = TLSOptions(), resolver: ResolverFactory? = nil,
    environment: ProxyEnvironment? = nil
  ) {
    self.tls = tls
    self.resolver = resolver
    self.environment = environment
  }

  /// Connects and shakes hands.
  ///
  /// - Parameter delegate: hears of everything on `eventLoop`; of nothing when the attempt fails.
  /// - Returns: the attempt under way, for its result and to give it up.
  package func begin(
    _ request: Request, on eventLoop: any EventLoop, delegate: any WebSocketDelegate
  ) -> WebSocketAttempt {
    let attempt = WebSocketAttempt(request, by: self, on: eventLoop, delegate: delegate)
    attempt.start()
    return attempt
  }

  /// Connects and shakes hands. The future completes before the delegate's first call.
  ///
  /// - Parameters:
  ///   - headers: further fields of the request, such as Authorization or Origin.
  ///   - subprotocols: the names to offer, most wanted first; may be empty.
  ///   - timeout: for everything in all; 10 s by default. Short: a slow network looks like no server. Long: a server that is
  ///     gone is noticed late.
  ///   - settings: the role in it is taken as `client`.
  ///   - delegate: hears of everything on `eventLoop`; of nothing when the future fails.
  /// - Returns: see ``WebSocketAttempt/result``.
  package func connect(
    to url: WebSocketURL, headers: WebSocketHandshake.Headers = [], subprotocols: [String] = [],
    timeout: Duration = .seconds(10), settings: WebSocketSettings, on eventLoop: any EventLoop,
    delegate: any WebSocketDelegate
  ) -> EventLoopFuture<Connected> {
    var request = Request(url: url, settings: settings)
    request.headers = headers
    request.subprotocols = subprotocols
    request.timeout = timeout
    return begin(request, on: eventLoop, delegate: delegate).result
  }

  /// The proxy for `url`; nil for none.
  func proxy(
    for url: WebSocketURL, _ choice: ClientProxy
  ) throws(HookupError) -> HTTPProxy? {
    switch choice {
    case .none: nil
    case .http(let proxy): url.socketPath == nil ? proxy : nil
    case .environment: try (environment ?? .ofProcess()).proxy(for: url)
    }
  }

  /// The TLS context, made on a thread that may block; nil for `ws://`.
  func context(
    for url: WebSocketURL, on eventLoop: any EventLoop
  ) -> EventLoopFuture<NIOSSLContext?> {
    guard url.isSecure else { return eventLoop.makeSucceededFuture(nil) }
    if let known = tlsContext.withLockedValue({ $0 }) {
      return eventLoop.makeSucceededFuture(known)
    }
    return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
      let made = try tls.makeContext()
      tlsContext.withLockedValue { $0 = made }
      return made
    }
  }

  /// The handler that encrypts, and makes sure of the server.
  func tlsHandler(_ context: NIOSSLContext, for url: WebSocketURL) throws -> NIOSSLClientHandler {
    try tls.makeHandler(context, host: url.host)
  }

  /// Opens a TCP connection to `host`, racing its addresses (RFC 8305), or one to the socket at `socketPath`.
  func open(
    host: String, port: Int, socketPath: String?, on eventLoop: any EventLoop,
    timeout: TimeAmount, initializer: @escaping @Sendable (any Channel) throws -> Void
  ) -> EventLoopFuture<any Channel> {
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(timeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try initializer(channel) }
      }
    if let socketPath { return bootstrap.connect(unixDomainSocketPath: socketPath) }
    return
      bootstrap
      .resolver(resolver?(eventLoop))
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .connect(host: host, port: port)
  }
}

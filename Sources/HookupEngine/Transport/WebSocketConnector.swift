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

  private let tls: TLSOptions
  private let tlsContext = NIOLockedValueBox<NIOSSLContext?>(nil)

  package init(tls: TLSOptions = TLSOptions()) {
    self.tls = tls
  }

  /// Connects and shakes hands. The future completes before the delegate's first call.
  ///
  /// - Parameters:
  ///   - headers: further fields of the request, such as Authorization or Origin.
  ///   - subprotocols: the names to offer, most wanted first; may be empty.
  ///   - timeout: for name resolution, TCP, TLS and the handshake in all; 10 s by default. Short: a slow network looks
  ///     like no server. Long: a server that is gone is noticed late.
  ///   - settings: the role in it is taken as `client`.
  ///   - delegate: hears of everything on `eventLoop`; of nothing when the future fails.
  /// - Returns: a future that fails with a ``HookupError``: ``HookupError/Code/connectFailed`` when the server cannot
  ///   be reached in time, ``HookupError/Code/handshakeFailed`` when it gives another answer than a WebSocket (caused
  ///   by a ``HandshakeRejection`` if that was an HTTP status), ``HookupError/Code/invalidArgument`` for a header, name or
  ///   certificate file that is no good.
  package func connect(
    to url: WebSocketURL, headers: WebSocketHandshake.Headers = [], subprotocols: [String] = [],
    timeout: Duration = .seconds(10), settings: WebSocketSettings, on eventLoop: any EventLoop,
    delegate: any WebSocketDelegate
  ) -> EventLoopFuture<Connected> {
    var random = RandomSource(seed: .random(in: .min ... .max))
    let key = WebSocketHandshake.makeKey(using: &random)
    let attempt: ConnectAttempt
    do {
      attempt = ConnectAttempt(
        url: url, key: key, subprotocols: subprotocols, timeout: timeout,
        deadline: eventLoop.now + TimeAmount(timeout),
        request: try WebSocketHandshake.request(
          for: url, key: key, headers: headers, subprotocols: subprotocols,
          compression: settings.compression))
    } catch {
      return eventLoop.makeFailedFuture(error)
    }
    var clientSettings = settings
    clientSettings.role = .client
    return context(for: url, on: eventLoop).flatMap { context in
      openChannel(attempt, tls: context, on: eventLoop)
    }.flatMap { [clientSettings] channel in
      attempt.shakeHands(on: channel, settings: clientSettings, delegate: delegate)
    }
  }

  /// The TLS context, made on a thread that may block; nil for `ws://`.
  private func context(
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

  private func openChannel(
    _ attempt: ConnectAttempt, tls context: NIOSSLContext?, on eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    let url = attempt.url
    return ClientBootstrap(group: eventLoop)
      .connectTimeout(max(attempt.deadline - eventLoop.now, .milliseconds(1)))
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let context else { return }
          // A server name is never an address (RFC 6066 §3).
          let isAddress = (try? SocketAddress(ipAddress: url.host, port: url.port)) != nil
          let handler = try NIOSSLClientHandler(
            context: context, serverHostname: isAddress ? nil : url.host)
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .connect(host: url.host, port: url.port)
      .flatMapErrorThrowing { error in
        throw ConnectFailure.error(error, url: url, timeout: attempt.timeout)
      }
  }
}

/// One attempt to connect: what was asked for, and until when it must be done.
struct ConnectAttempt: Sendable {
  let url: WebSocketURL
  let key: String
  let subprotocols: [String]
  let timeout: Duration
  let deadline: NIODeadline
  let request: ByteBuffer

  /// On the channel's event loop.
  func shakeHands(
    on channel: any Channel, settings: WebSocketSettings, delegate: any WebSocketDelegate
  ) -> EventLoopFuture<WebSocketConnector.Connected> {
    let promise = channel.eventLoop.makePromise(of: WebSocketConnector.Connected.self)
    let handler = ClientHandshakeHandler(
      self, settings: settings, delegate: delegate, promise: promise)
    do {
      try channel.pipeline.syncOperations.addHandler(handler)
    } catch {
      promise.fail(ConnectFailure.error(error, url: url, timeout: timeout))
    }
    return promise.futureResult
  }
}

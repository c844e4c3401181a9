import HookupCore
import NIOCore
import NIOSSL

/// One attempt to open a WebSocket, over all the addresses, the proxy and the redirects on its way.
///
/// `@unchecked Sendable`: what changes is touched on `eventLoop` only, where every entry point goes first.
package final class WebSocketAttempt: @unchecked Sendable {
  /// Fails with a ``HookupError``: ``HookupError/Code/connectFailed`` when the server or its proxy cannot be reached in time,
  /// ``HookupError/Code/handshakeFailed`` when it gives another answer than a WebSocket (caused by a ``HandshakeRejection`` if
  /// that was an HTTP status), ``HookupError/Code/invalidArgument`` for a header, name, proxy or certificate file that
  /// is no good, ``HookupError/Code/closed`` when it was given up.
  package let result: EventLoopFuture<WebSocketConnector.Connected>

  /// What is waited for, for what is said when it does not come in time.
  private enum Stage {
    case dialling(String)
    case tunnelling(HTTPProxy)
    case shakingHands
  }

  private let request: WebSocketConnector.Request
  private let connector: WebSocketConnector
  private let eventLoop: any EventLoop
  private let delegate: any WebSocketDelegate
  /// nil once the attempt is decided.
  private var promise: EventLoopPromise<WebSocketConnector.Connected>?
  /// What was opened and is not closed, a connection that is being tried included.
  private var channels: [ObjectIdentifier: any Channel] = [:]
  private var plan: RedirectPlan?
  private var stage = Stage.shakingHands
  private var timer: Scheduled<Void>?

  init(
    _ request: WebSocketConnector.Request, by connector: WebSocketConnector,
    on eventLoop: any EventLoop, delegate: any WebSocketDelegate
  ) {
    self.request = request
    self.connector = connector
    self.eventLoop = eventLoop
    self.delegate = delegate
    let promise = eventLoop.makePromise(of: WebSocketConnector.Connected.self)
    self.promise = promise
    result = promise.futureResult
  }

  /// Gives the attempt up: its sockets are closed, and ``result`` fails at once. Nothing when it is decided. From any thread.
  package func cancel() {
    onLoop { [self] in
      fail(HookupError(.closed, "connecting to \(currentURL.hostAndPort) was given up"))
    }
  }

  func start() {
    onLoop { [self] in
      timer = eventLoop.scheduleTask(in: TimeAmount(request.timeout)) { [weak self] in
        self?.timedOut()
      }
      do throws(HookupError) {
        plan = try RedirectPlan(
          to: request.url, headers: request.headers, authorization: request.authorization,
          limit: request.maximumRedirects)
        try step()
      } catch {
        fail(error)
      }
    }
  }

  private var currentURL: WebSocketURL { plan?.url ?? request.url }

  private func onLoop(_ body: @escaping @Sendable () -> Void) {
    if eventLoop.inEventLoop { body() } else { eventLoop.execute(body) }
  }

  /// Makes the request that the plan says.
  private func step() throws(HookupError) {
    guard let plan else { return }
    let url = plan.url
    var random = RandomSource(seed: .random(in: .min ... .max))
    let key = WebSocketHandshake.makeKey(using: &random)
    let handshake = HandshakeRequest(
      url: url, key: key, subprotocols: request.subprotocols,
      head: try WebSocketHandshake.request(
        for: url, key: key, headers: plan.headers, subprotocols: request.subprotocols,
        compression: request.settings.compression),
      timeout: request.timeout, isRedirect: plan.follows)
    let proxy = try connector.proxy(for: url, request.proxy)
    let place = proxy.map { "the proxy \($0.hostAndPort)" } ?? url.hostAndPort
    connector.context(for: url, on: eventLoop).whenComplete { [self] result in
      guard promise != nil else { return }
      switch result {
      case .success(let context): dial(handshake, proxy, tls: context, place: place)
      case .failure(let error): fail(failure(error, at: url.hostAndPort))
      }
    }
  }

  private func dial(
    _ handshake: HandshakeRequest, _ proxy: HTTPProxy?, tls context: NIOSSLContext?, place: String
  ) {
    stage = .dialling(place)
    let url = handshake.url
    connector.open(
      host: proxy?.host ?? url.host, port: proxy?.port ?? url.port,
      socketPath: proxy == nil ? url.socketPath : nil, on: eventLoop,
      // The timer of this attempt comes first.
      timeout: TimeAmount(request.timeout) + .seconds(1)
    ) { [self] channel in
      try adopt(channel)
      if proxy == nil, let context {
        try channel.pipeline.syncOperations.addHandler(connector.tlsHandler(context, for: url))
      }
    }.whenComplete { [self] result in
      guard promise != nil else {
        if case .success(let channel) = result { channel.close(promise: nil) }
        return
      }
      switch result {
      case .success(let channel):
        if let proxy {
          tunnel(through: proxy, on: channel, tls: context, handshake)
        } else {
          shakeHands(handshake, on: channel)
        }
      case .failure(let error): fail(failure(error, at: place))
      }
    }
  }

  /// Remembers a channel, so that giving up closes it.
  private func adopt(_ channel: any Channel) throws {
    guard promise != nil else { throw ChannelError.ioOnClosedChannel }
    let id = ObjectIdentifier(channel)
    channels[id] = channel
    channel.closeFuture.whenComplete { [weak self] _ in self?.channels[id] = nil }
  }

  private func tunnel(
    through proxy: HTTPProxy, on channel: any Channel, tls context: NIOSSLContext?,
    _ handshake: HandshakeRequest
  ) {
    stage = .tunnelling(proxy)
    let promise = eventLoop.makePromise(of: Void.self)
    promise.futureResult.whenComplete { [self] result in
      do {
        try result.get()
        if let context {
          try channel.pipeline.syncOperations.addHandler(
            connector.tlsHandler(context, for: handshake.url))
        }
        shakeHands(handshake, on: channel)
      } catch {
        fail(failure(error, at: handshake.url.hostAndPort))
      }
    }
    do {
      try channel.pipeline.syncOperations.addHandler(
        ProxyTunnelHandler(proxy, to: handshake.url, promise: promise))
    } catch {
      promise.fail(error)
    }
  }

  private func shakeHands(_ handshake: HandshakeRequest, on channel: any Channel) {
    stage = .shakingHands
    var settings = request.settings
    settings.role = .client
    let promise = eventLoop.makePromise(of: ClientHandshakeHandler.Outcome.self)
    promise.futureResult.whenComplete { [self] result in
      switch result {
      case .success(.connected(let connected)):
        channels[ObjectIdentifier(channel)] = nil
        decide(.success(connected))
      case .success(.redirected(let head)): redirected(head)
      case .failure(let error): fail(failure(error, at: handshake.url.hostAndPort))
      }
    }
    do {
      try channel.pipeline.syncOperations.addHandler(
        ClientHandshakeHandler(
          handshake, settings: settings, delegate: delegate, promise: promise))
    } catch {
      promise.fail(error)
    }
  }

  private func redirected(_ head: HTTPResponseHead) {
    guard promise != nil else { return }
    do throws(HookupError) {
      try plan?.follow(head)
      try step()
    } catch {
      fail(error)
    }
  }

  private func timedOut() {
    switch stage {
    case .dialling(let place):
      fail(ConnectFailure.timeout(at: place, "no answer", timeout: request.timeout))
    case .tunnelling(let proxy):
      fail(
        ConnectFailure.timeout(
          at: currentURL.hostAndPort, "the proxy \(proxy.hostAndPort) did not answer",
          timeout: request.timeout))
    case .shakingHands:
      fail(
        ConnectFailure.timeout(
          at: currentURL.hostAndPort, "the handshake was not finished", timeout: request.timeout))
    }
  }

  private func failure(_ error: any Error, at place: String) -> HookupError {
    ConnectFailure.error(error, at: place, timeout: request.timeout)
  }

  private func fail(_ error: HookupError) { decide(.failure(error)) }

  private func decide(_ result: Result<WebSocketConnector.Connected, any Error>) {
    guard let promise else {
      if case .success(let connected) = result { connected.connection.abort() }
      return
    }
    self.promise = nil
    timer?.cancel()
    timer = nil
    let open = channels.values
    channels = [:]
    for channel in open { channel.close(promise: nil) }
    promise.completeWith(result)
  }
}

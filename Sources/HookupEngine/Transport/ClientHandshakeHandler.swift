import HookupCore
import NIOCore
import NIOSSL

/// What one request of a handshake is about.
struct HandshakeRequest: Sendable {
  let url: WebSocketURL
  let key: String
  let subprotocols: [String]
  let head: ByteBuffer
  /// For what is said of failures.
  let timeout: Duration
  /// Which statuses lead on to another URL.
  let isRedirect: @Sendable (Int) -> Bool
}

/// Sends the client's handshake on an open channel, judges the answer and makes room for ``WebSocketChannelHandler``.
final class ClientHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Outcome: Sendable {
    case connected(WebSocketConnector.Connected)
    /// The channel is being closed.
    case redirected(HTTPResponseHead)
  }

  /// How long the body of a refusal may take before it is told without.
  private static let bodyPatience = TimeAmount.milliseconds(500)

  private let request: HandshakeRequest
  private let settings: WebSocketSettings
  private let delegate: any WebSocketDelegate
  /// nil once the handshake is decided.
  private var promise: EventLoopPromise<Outcome>?
  private var reader: HTTPResponseReader
  /// The answer is no WebSocket, and its body is being read.
  private var refusal: (head: HTTPResponseHead, body: BodyExcerpt)?
  private var timer: Scheduled<Void>?

  init(
    _ request: HandshakeRequest, settings: WebSocketSettings, delegate: any WebSocketDelegate,
    promise: EventLoopPromise<Outcome>
  ) {
    self.request = request
    self.settings = settings
    self.delegate = delegate
    self.promise = promise
    reader = HTTPResponseReader(peer: request.url.hostAndPort)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    guard context.channel.isActive else {
      return fail(ConnectFailure.closed(url: request.url), context: context)
    }
    context.writeAndFlush(wrapOutboundOut(request.head), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard promise != nil else { return }
    let bytes = unwrapInboundIn(data)
    guard refusal == nil else { return readBody(bytes, context: context) }
    do {
      guard let (head, rest) = try reader.receive(bytes) else { return }
      guard head.status == 101 else { return refused(head, rest, context: context) }
      let agreed = try WebSocketHandshake.check(
        head, from: request.url, key: request.key, offered: request.subprotocols,
        compression: settings.compression)
      try switchOver(context, agreed, headers: head.headers, rest: rest)
    } catch {
      fail(error, context: context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    ended(context)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard refusal == nil else { return ended(context) }
    let certificate = try? context.pipeline.syncOperations
      .handler(type: NIOSSLClientHandler.self).peerCertificate
    let failure = ConnectFailure.error(
      error, at: request.url.hostAndPort, timeout: request.timeout,
      validity: certificate.map { (Int64($0.notValidBefore), Int64($0.notValidAfter)) })
    fail(failure, context: context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    ended(context)
  }

  /// The handshake is done: from here on the WebSocket has the channel, and the bytes that came behind the answer.
  private func switchOver(
    _ context: ChannelHandlerContext, _ agreed: WebSocketHandshake.Agreement,
    headers: WebSocketHandshake.Headers, rest: ByteBuffer
  ) throws {
    var settings = settings
    settings.agreedCompression = agreed.compression
    let webSocket = WebSocketChannelHandler(
      channel: context.channel, settings: settings, delegate: delegate)
    try context.pipeline.syncOperations.addHandler(webSocket, position: .after(self))
    let connected = WebSocketConnector.Connected(
      connection: webSocket.connection, subprotocol: agreed.subprotocol, headers: headers)
    take()?.succeed(.connected(connected))
    if rest.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(rest))
      context.fireChannelReadComplete()
    }
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  private func refused(
    _ head: HTTPResponseHead, _ rest: ByteBuffer, context: ChannelHandlerContext
  ) {
    guard !request.isRedirect(head.status) else {
      take()?.succeed(.redirected(head))
      return context.close(promise: nil)
    }
    refusal = (head, BodyExcerpt(of: head))
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.bodyPatience) {
      self.ended(context)
    }
    readBody(rest, context: context)
  }

  private func readBody(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
    refusal?.body.receive(bytes)
    if refusal?.body.isComplete == true { ended(context) }
  }

  /// Nothing more will come, or nothing more is wanted.
  private func ended(_ context: ChannelHandlerContext) {
    guard let refusal else {
      return fail(ConnectFailure.closed(url: request.url), context: context)
    }
    let rejection = WebSocketHandshake.rejection(
      refusal.head, from: request.url, offered: request.subprotocols, body: refusal.body.text,
      now: wallClockSeconds())
    fail(rejection, context: context)
  }

  private func fail(_ error: any Error, context: ChannelHandlerContext) {
    guard let promise = take() else { return }
    promise.fail(error)
    context.close(promise: nil)
  }

  private func take() -> EventLoopPromise<Outcome>? {
    timer?.cancel()
    timer = nil
    defer { promise = nil }
    return promise
  }
}

import HookupCore
import NIOCore

/// Sends the client's handshake on an open channel, judges the answer and makes room for ``WebSocketChannelHandler``.
final class ClientHandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let attempt: ConnectAttempt
  private let settings: WebSocketSettings
  private let delegate: any WebSocketDelegate
  /// nil once the attempt is decided.
  private var promise: EventLoopPromise<WebSocketConnector.Connected>?
  private var reader: HTTPResponseReader
  private var timer: Scheduled<Void>?

  init(
    _ attempt: ConnectAttempt, settings: WebSocketSettings, delegate: any WebSocketDelegate,
    promise: EventLoopPromise<WebSocketConnector.Connected>
  ) {
    self.attempt = attempt
    self.settings = settings
    self.delegate = delegate
    self.promise = promise
    reader = HTTPResponseReader(peer: attempt.url.hostAndPort)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: attempt.deadline) {
      let error = ConnectFailure.timeout(url: self.attempt.url, timeout: self.attempt.timeout)
      self.fail(error, context: context)
    }
    guard context.channel.isActive else {
      return fail(ConnectFailure.closed(url: attempt.url), context: context)
    }
    context.writeAndFlush(wrapOutboundOut(attempt.request), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard promise != nil else { return }
    do {
      guard let (head, rest) = try reader.receive(unwrapInboundIn(data)) else { return }
      let agreed = try WebSocketHandshake.check(
        head, from: attempt.url, key: attempt.key, offered: attempt.subprotocols,
        compression: settings.compression)
      try switchOver(context, agreed, headers: head.headers, rest: rest)
    } catch {
      fail(error, context: context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(ConnectFailure.closed(url: attempt.url), context: context)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let failure = ConnectFailure.error(error, url: attempt.url, timeout: attempt.timeout)
    fail(failure, context: context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    fail(ConnectFailure.closed(url: attempt.url), context: context)
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
    take()?.succeed(connected)
    if rest.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(rest))
      context.fireChannelReadComplete()
    }
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  private func fail(_ error: any Error, context: ChannelHandlerContext) {
    guard let promise = take() else { return }
    promise.fail(error)
    context.close(promise: nil)
  }

  private func take() -> EventLoopPromise<WebSocketConnector.Connected>? {
    timer?.cancel()
    timer = nil
    defer { promise = nil }
    return promise
  }
}

import HookupCore
import NIOCore

/// Asks an HTTP proxy for a tunnel, judges the answer and leaves. The promise is kept before what came behind the answer
/// goes on, so that whoever waits for it can add the handlers for it.
final class ProxyTunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let proxy: HTTPProxy
  private let url: WebSocketURL
  private let request: String
  /// nil once the tunnel is there, or never will be.
  private var promise: EventLoopPromise<Void>?
  private var reader: HTTPResponseReader

  init(_ proxy: HTTPProxy, to url: WebSocketURL, promise: EventLoopPromise<Void>) throws {
    self.proxy = proxy
    self.url = url
    self.promise = promise
    request = try ProxyTunnel.request(for: url, through: proxy)
    reader = HTTPResponseReader(peer: "it")
  }

  func handlerAdded(context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard promise != nil else { return context.fireChannelRead(data) }
    do throws(HookupError) {
      guard let (head, rest) = try read(unwrapInboundIn(data)) else { return }
      try ProxyTunnel.check(head, of: proxy, for: url)
      take()?.succeed()
      if rest.readableBytes > 0 {
        context.fireChannelRead(wrapInboundOut(rest))
        context.fireChannelReadComplete()
      }
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    } catch {
      fail(error, context: context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(failure("it closed the connection before it answered"), context: context)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard promise != nil else { return context.fireErrorCaught(error) }
    fail(failure("the connection broke", cause: error), context: context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    fail(failure("it closed the connection before it answered"), context: context)
  }

  private func read(
    _ bytes: ByteBuffer
  ) throws(HookupError) -> (head: HTTPResponseHead, rest: ByteBuffer)? {
    do {
      return try reader.receive(bytes)
    } catch {
      throw failure(error.message)
    }
  }

  private func failure(_ problem: String, cause: (any Error)? = nil) -> HookupError {
    HookupError(
      .connectFailed,
      "the proxy \(proxy.hostAndPort) makes no tunnel to \(url.hostAndPort): \(problem)",
      cause: cause)
  }

  private func fail(_ error: HookupError, context: ChannelHandlerContext) {
    guard let promise = take() else { return }
    promise.fail(error)
    context.close(promise: nil)
  }

  private func take() -> EventLoopPromise<Void>? {
    defer { promise = nil }
    return promise
  }
}

import HookupCore
import NIOCore

/// Reads the PROXY protocol's header of a connection from a trusted proxy, then sets up what serves it and gives way. Without a
/// header, or with one that does not come in time, the connection is closed: an answer would go to the proxy's client, whose fault
/// it is not.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let setup: HTTPChannelSetup
  private let decision: AdmissionControl.Decision
  private let peer: ConnectionPeer
  private var buffer = ByteBuffer()
  private var timer: Scheduled<Void>?
  private var deadline = NIODeadline.distantFuture
  private var isDone = false

  init(setup: HTTPChannelSetup, decision: AdmissionControl.Decision, peer: ConnectionPeer) {
    self.setup = setup
    self.decision = decision
    self.peer = peer
  }

  func handlerAdded(context: ChannelHandlerContext) {
    // The request must come in what the header leaves of this time.
    deadline =
      context.eventLoop.now + TimeAmount(setup.configuration.limits.handshakeTimeout)
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.close("it did not come in time", context)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isDone else { return context.fireChannelRead(data) }
    var bytes = unwrapInboundIn(data)
    buffer.writeBuffer(&bytes)
    switch ProxyHeader.read(from: &buffer) {
    case .incomplete: break
    case .malformed(let reason): close(reason, context)
    case .header(.local): goOn(as: peer, context)
    case .header(.client(let client)):
      let isProxy = setup.proxies.trusts(client.address)
      goOn(as: ConnectionPeer(client, isProxy: isProxy), context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if !isDone {
      if event is ServerStops { return close("the server stops", context) }
      if case ChannelEvent.inputClosed = event { return close("the connection ended", context) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !isDone else { return context.fireErrorCaught(error) }
    close("\(error)", context)
  }

  private func goOn(as client: ConnectionPeer, _ context: ChannelHandlerContext) {
    isDone = true
    timer?.cancel()
    var refusal = setup.refusal(for: decision)
    // A further proxy says in the request whom it speaks for.
    if refusal == nil, !client.isProxy {
      refusal = setup.refusal(of: client, on: context.channel)
    }
    do {
      try setup.serve(context.channel, client, refusal: refusal, until: deadline)
    } catch {
      return close("\(error)", context)
    }
    let rest = buffer
    buffer = ByteBuffer()
    if rest.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(rest))
      context.fireChannelReadComplete()
    }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  private func close(_ reason: String, _ context: ChannelHandlerContext) {
    isDone = true
    timer?.cancel()
    setup.logger.debug(
      "no PROXY header", metadata: ["proxy": "\(peer.host)", "reason": "\(reason)"])
    context.close(promise: nil)
  }
}

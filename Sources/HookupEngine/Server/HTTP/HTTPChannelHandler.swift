import HookupCore
import NIOCore

/// The HTTP/1 side of one accepted socket: reads requests, one at a time and within limits, answers them, and gives way
/// to a ``WebSocketChannelHandler`` when one asks for it.
///
/// While an answer is under way nothing more is read, so that a client that sends requests and reads no answers is held
/// back by TCP, and costs no memory.
final class HTTPChannelHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Phase {
    /// For a request. Can transition to answering, lingering, upgraded, closed.
    case waiting
    /// An answer is being written. Can transition to waiting, lingering, closed.
    case answering
    /// The last answer is out; what still comes is thrown away until the client closes or time is up, for closing a socket
    /// with unread bytes may take the answer away from the client (RFC 9112 §9.6). Can transition to closed.
    case lingering
    /// A WebSocket. Final here.
    case upgraded
    case closed
  }

  let setup: HTTPChannelSetup
  /// The answer to whatever is asked, when the server has no room.
  private let refusal: HTTPResponse?
  private var parser: RequestHeadParser
  private var buffer = ByteBuffer()
  private(set) var phase = Phase.waiting
  private var hasHeldRead = false
  private var isStopping = false
  private var timer: Scheduled<Void>?

  init(setup: HTTPChannelSetup, refusal: HTTPResponse?) {
    self.setup = setup
    self.refusal = refusal
    let limits = setup.configuration.limits
    parser = RequestHeadParser(
      maximumBytes: limits.maximumRequestHeadBytes, maximumHeaders: limits.maximumRequestHeaders)
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    startTimer(setup.configuration.limits.handshakeTimeout, context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch phase {
    case .waiting, .answering:
      var bytes = unwrapInboundIn(data)
      buffer.writeBuffer(&bytes)
      parse(context)
    case .lingering, .closed: break
    case .upgraded: context.fireChannelRead(data)
    }
  }

  func read(context: ChannelHandlerContext) {
    if case .answering = phase {
      hasHeldRead = true
    } else {
      context.read()
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if phase != .upgraded { phase = .closed }
    timer?.cancel()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard phase != .upgraded else { return context.fireErrorCaught(error) }
    setup.logger.debug("HTTP connection failed", metadata: ["error": "\(error)"])
    finish(context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ServerStops {
      isStopping = true
      if phase == .waiting { finish(context) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Requests

  private func parse(_ context: ChannelHandlerContext) {
    while phase == .waiting {
      switch parser.parse(&buffer) {
      case .incomplete:
        if buffer.readableBytes == 0 { buffer = ByteBuffer() }
        return
      case .refused(let status, let reason):
        answer(.refusal(status, reason), to: nil, context)
      case .head(let head):
        timer?.cancel()
        if let refusal {
          answer(refusal, to: nil, context)
        } else {
          take(head, context)
        }
      }
    }
  }

  private func take(_ head: RequestHead, _ context: ChannelHandlerContext) {
    if head.asksForWebSocket {
      judgeUpgrade(head, context)
    } else if head.method != "GET" && head.method != "HEAD" {
      var response = HTTPResponse.refusal(.methodNotAllowed, "only GET and HEAD are served here")
      response.headers.append("Allow", "GET, HEAD")
      answer(response, to: head, context)
    } else if head.path == setup.configuration.pingPath {
      var response = HTTPResponse(.ok, body: setup.configuration.pingBody)
      response.headers.append("Cache-Control", "no-store")
      answer(response, to: head, context)
    } else if let files = setup.files, let path = StaticFilePath(requestPath: head.path) {
      phase = .answering
      StaticFileResponder(handler: self, head: head, context: context).start(path, in: files)
    } else {
      answer(.refusal(.notFound, "nothing is served at this path"), to: head, context)
    }
  }

  private func judgeUpgrade(_ head: RequestHead, _ context: ChannelHandlerContext) {
    guard !head.announcesBody else {
      return answer(
        .refusal(.badRequest, "a WebSocket is opened without a body"), to: nil, context)
    }
    let headers = head.headers.fields.map { (name: $0.name, value: $0.value) }
    let subprotocols = setup.configuration.subprotocols
    switch WebSocketHandshake.answer(
      method: head.method, headers: headers, subprotocols: subprotocols.names,
      compression: setup.configuration.compression)
    {
    case .refuse(let status, let headers, let message):
      // As to nothing in particular: a client that wanted a WebSocket has no use for the connection.
      answer(
        HTTPResponse(
          HTTPStatus(code: status), headers: HeaderFields(headers), body: message + "\n"),
        to: nil, context)
    case .accept(let name, let compression, let headers):
      let format = name.flatMap(subprotocols.format(named:)) ?? subprotocols.defaultFormat
      upgrade(head, format, compression, headers: HeaderFields(headers), context)
    }
  }

  private func upgrade(
    _ head: RequestHead, _ format: any WireFormat, _ compression: PerMessageDeflate?,
    headers: HeaderFields, _ context: ChannelHandlerContext
  ) {
    let request = ServerRequest(
      path: head.path, query: head.query, headers: head.headers,
      remoteHost: context.remoteAddress?.ipAddress ?? "",
      remotePort: context.remoteAddress?.port ?? 0,
      isSecure: setup.isSecure)
    phase = .upgraded
    timer?.cancel()
    // The server knows the connection before its client does; what is sent to it already waits for the pipeline.
    let webSocket = setup.open(
      request, format: format, compression: compression, on: context.channel)
    let response = HTTPResponseEncoder.head(
      .switchingProtocols, headers: headers, contentLength: nil, closes: false,
      serverName: setup.configuration.serverName, date: wallClockSeconds())
    context.writeAndFlush(wrapOutboundOut(response), promise: nil)
    let rest = buffer
    buffer = ByteBuffer()
    do {
      try context.pipeline.syncOperations.addHandler(webSocket, position: .after(self))
    } catch {
      // The channel is already closing; the WebSocket hears of it below.
      setup.logger.debug("WebSocket not set up", metadata: ["error": "\(error)"])
      return context.close(promise: nil)
    }
    if rest.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(rest))
      context.fireChannelReadComplete()
    }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  // MARK: Answers

  /// Writes a whole answer and goes on to the next request, or closes.
  /// - Parameter head: nil when the connection is to be closed after the answer.
  func answer(_ response: HTTPResponse, to head: RequestHead?, _ context: ChannelHandlerContext) {
    phase = .answering
    let closes = closes(after: head)
    let bytes = HTTPResponseEncoder.encode(
      response, omitsBody: head?.method == "HEAD", closes: closes,
      serverName: setup.configuration.serverName, date: wallClockSeconds())
    write(bytes, context) { self.answered(closes: closes, context) }
  }

  func closes(after head: RequestHead?) -> Bool {
    isStopping || head?.keepsAlive != true
  }

  /// Writes bytes within the stall time; `then` runs when they are with the kernel, and not at all when they never are.
  func write(
    _ bytes: ByteBuffer, _ context: ChannelHandlerContext, then: @escaping () -> Void
  ) {
    startTimer(setup.configuration.limits.stallTimeout, context)
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { result in
      guard case .success = result, self.phase == .answering else { return self.finish(context) }
      then()
    }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
  }

  /// The whole answer is written.
  func answered(closes: Bool, _ context: ChannelHandlerContext) {
    if closes || isStopping { return linger(context) }
    phase = .waiting
    startTimer(setup.configuration.limits.handshakeTimeout, context)
    parse(context)
    if phase == .waiting, hasHeldRead {
      hasHeldRead = false
      context.read()
    }
  }

  private func linger(_ context: ChannelHandlerContext) {
    phase = .lingering
    buffer = ByteBuffer()
    // Over TLS there is no half of a connection to close.
    guard !setup.isSecure else { return finish(context) }
    startTimer(.seconds(1), context)
    context.close(mode: .output, promise: nil)
    if hasHeldRead {
      hasHeldRead = false
      context.read()
    }
  }

  func finish(_ context: ChannelHandlerContext) {
    guard phase != .closed else { return }
    phase = .closed
    timer?.cancel()
    context.close(promise: nil)
  }

  // MARK: Time

  private func startTimer(_ duration: Duration, _ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) {
      self.timeIsUp(context)
    }
  }

  private func timeIsUp(_ context: ChannelHandlerContext) {
    if phase == .waiting, buffer.readableBytes > 0 {
      answer(.refusal(.requestTimeout, "the request did not come in time"), to: nil, context)
    } else {
      finish(context)
    }
  }
}

extension HeaderFields {
  init(_ headers: WebSocketHandshake.Headers) {
    self.init(headers.map { Field(name: $0.name, value: $0.value) })
  }
}

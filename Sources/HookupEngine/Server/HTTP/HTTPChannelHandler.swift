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
    /// For a request. Can transition to answering, judging, lingering, upgraded, closed.
    case waiting
    /// The program decides whether a client gets its WebSocket. Can transition to upgraded, answering, closed.
    case judging
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
  let peer: ConnectionPeer
  /// The answer to whatever is asked, when the server has no room.
  private let refusal: HTTPResponse?
  private var parser: RequestHeadParser
  private var buffer = ByteBuffer()
  var phase = Phase.waiting
  private var hasHeldRead = false
  private var isStopping = false
  /// Whether the client has said all that it will say. It still gets its answers.
  private var isInputClosed = false
  private var timer: Scheduled<Void>?
  /// When the first request must be there, if that is not counted from now.
  private let firstDeadline: NIODeadline?
  /// When the request that is awaited must be there, and what it asks for be decided.
  private(set) var requestDeadline = NIODeadline.distantFuture
  /// The task that judges.
  var judgement: Task<Void, Never>?

  init(
    setup: HTTPChannelSetup, peer: ConnectionPeer, refusal: HTTPResponse?, until: NIODeadline?
  ) {
    self.setup = setup
    self.peer = peer
    firstDeadline = until
    self.refusal = refusal
    let limits = setup.configuration.limits
    parser = RequestHeadParser(
      maximumBytes: limits.maximumRequestHeadBytes, maximumHeaders: limits.maximumRequestHeaders)
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    awaitRequest(context, until: firstDeadline)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    judgement?.cancel()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch phase {
    case .waiting, .answering, .judging:
      var bytes = unwrapInboundIn(data)
      buffer.writeBuffer(&bytes)
      parse(context)
    case .lingering, .closed: break
    case .upgraded: context.fireChannelRead(data)
    }
  }

  func read(context: ChannelHandlerContext) {
    switch phase {
    case .answering, .judging: hasHeldRead = true
    case .waiting, .lingering, .upgraded, .closed: context.read()
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if phase != .upgraded { phase = .closed }
    timer?.cancel()
    judgement?.cancel()
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
      if phase == .judging { breakOff("the server stops", context) }
    }
    if case ChannelEvent.inputClosed = event, phase != .upgraded { inputClosed(context) }
    context.fireUserInboundEventTriggered(event)
  }

  /// The client has closed its half. What it asked before is answered; nothing else can come.
  private func inputClosed(_ context: ChannelHandlerContext) {
    isInputClosed = true
    switch phase {
    case .answering, .upgraded, .closed: break
    case .waiting: endOfRequests(context)
    case .judging, .lingering: finish(context)
    }
  }

  private func endOfRequests(_ context: ChannelHandlerContext) {
    guard buffer.readableBytes > 0 else { return finish(context) }
    answer(.refusal(.badRequest, "the request ends in the middle of its head"), to: nil, context)
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
    if let refusal = setup.refusalOfHost(head) {
      answer(refusal, to: nil, context)
    } else if head.asksForWebSocket {
      judgeUpgrade(head, context)
    } else if let refusal = refusalOfSource(head, context) {
      answer(refusal, to: nil, context)
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
    } else if let page = setup.configuration.page {
      phase = .answering
      let path = head.path
      let promise = context.eventLoop.makePromise(of: ServerPage?.self)
      promise.completeWithTask { await page(path) }
      promise.futureResult.assumeIsolated().whenSuccess { page in
        guard self.phase == .answering else { return }
        self.answer(page, to: head, context)
      }
    } else {
      answer(nil, to: head, context)
    }
  }

  /// Counts a proxy's connection for the client of this request, until it is answered; the refusal when that one has as many as it
  /// may. Health checks are the proxy's own.
  private func refusalOfSource(
    _ head: RequestHead, _ context: ChannelHandlerContext
  ) -> HTTPResponse? {
    guard peer.isProxy, head.path != setup.configuration.pingPath else { return nil }
    return setup.refusal(of: setup.client(of: head, peer), on: context.channel)
  }

  private func answer(_ page: ServerPage?, to head: RequestHead, _ context: ChannelHandlerContext) {
    guard let page else {
      return answer(.refusal(.notFound, "nothing is served at this path"), to: head, context)
    }
    var response = HTTPResponse(HTTPStatus(code: page.status), body: page.body)
    response.headers.append("Content-Type", page.contentType)
    response.headers.append("Cache-Control", "no-store")
    answer(response, to: head, context)
  }

  private func judgeUpgrade(_ head: RequestHead, _ context: ChannelHandlerContext) {
    guard !head.announcesBody else {
      return answer(
        .refusal(.badRequest, "a WebSocket is opened without a body"), to: nil, context)
    }
    let headers = head.headers.fields.map { (name: $0.name, value: $0.value) }
    let subprotocols = setup.subprotocols
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
      admit(head, context) { request, extra in
        self.upgrade(
          request, format, compression, headers: HeaderFields(headers).appending(extra), context)
      }
    }
  }

  private func upgrade(
    _ request: ServerRequest, _ format: any WireFormat, _ compression: PerMessageDeflate?,
    headers: HeaderFields, _ context: ChannelHandlerContext
  ) {
    // Half a connection is none: neither messages nor a close frame could come.
    guard !isInputClosed else { return finish(context) }
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
      // The channel is already closing.
      webSocket.abandon()
      setup.logger.debug("WebSocket not set up", metadata: ["error": "\(error)"])
      return context.close(promise: nil)
    }
    if rest.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(rest))
      context.fireChannelReadComplete()
    }
    // What was held back while an answer or a decision was under way. The WebSocket may hold it back in its turn.
    if hasHeldRead { context.channel.read() }
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
    if peer.isProxy { setup.server.tracker.forget(context.channel) }
    awaitRequest(context)
    parse(context)
    guard phase == .waiting else { return }
    if isInputClosed { return endOfRequests(context) }
    if hasHeldRead {
      hasHeldRead = false
      context.read()
    }
  }

  private func linger(_ context: ChannelHandlerContext) {
    phase = .lingering
    buffer = ByteBuffer()
    // Over TLS there is no half of a connection to close.
    guard !setup.isSecure, !isInputClosed else { return finish(context) }
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
    judgement?.cancel()
    context.close(promise: nil)
  }

  // MARK: Time

  /// From the accepted socket on, so that the TLS handshake counts; then from the end of each answer.
  private func awaitRequest(_ context: ChannelHandlerContext, until deadline: NIODeadline? = nil) {
    let time = TimeAmount(setup.configuration.limits.handshakeTimeout)
    requestDeadline = deadline ?? context.eventLoop.now + time
    startTimer(until: requestDeadline, context)
  }

  func startTimer(until deadline: NIODeadline, _ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.timeIsUp(context)
    }
  }

  private func startTimer(_ duration: Duration, _ context: ChannelHandlerContext) {
    startTimer(until: context.eventLoop.now + TimeAmount(duration), context)
  }

  private func timeIsUp(_ context: ChannelHandlerContext) {
    if phase == .waiting, buffer.readableBytes > 0 {
      answer(.refusal(.requestTimeout, "the request did not come in time"), to: nil, context)
    } else if phase == .judging {
      breakOff("whether you may connect was not decided in time: try again later", context)
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

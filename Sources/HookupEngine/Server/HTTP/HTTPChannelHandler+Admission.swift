import HookupCore
import NIOCore
import NIOSSL

// Whether a client whose opening handshake is right gets its WebSocket.
extension HTTPChannelHandler {
  /// Asks the origin policy, then the program; refuses, or goes on with `upgrade`.
  /// - Parameter upgrade: gets the request, and the headers the program wants in the answer. Runs at once or later on the
  ///   event loop; not at all when the client is gone by then.
  func admit(
    _ head: RequestHead, _ context: ChannelHandlerContext,
    then upgrade: @escaping (ServerRequest, HeaderFields) -> Void
  ) {
    let configuration = setup.configuration
    if let reason = configuration.allowedOrigins.refusal(
      origins: head.headers["Origin"], authority: head.authority)
    {
      setup.logger.debug("origin refused", metadata: ["reason": "\(reason)"])
      return answer(.refusal(.forbidden, reason), to: nil, context)
    }
    let client = setup.client(of: head, peer)
    if peer.isProxy, let refusal = setup.refusal(of: client, on: context.channel) {
      return answer(refusal, to: nil, context)
    }
    let request = request(head, client, context)
    guard let authorize = configuration.authorize else { return upgrade(request, HeaderFields()) }
    guard setup.beginJudgement() else {
      return answer(setup.busy("too many clients are being judged"), to: nil, context)
    }
    phase = .judging
    startTimer(until: requestDeadline, context)
    let promise = context.eventLoop.makePromise(of: Admission.self)
    promise.futureResult.assumeIsolated().whenSuccess { admission in
      // The client may be gone, the time over, the server about to stop: then it is answered already.
      guard self.phase == .judging else { return }
      self.carryOut(admission, request, context, upgrade)
    }
    judgement = Task { [setup] in
      promise.succeed(await authorize(request))
      setup.endJudgement()
    }
  }

  private func carryOut(
    _ admission: Admission, _ request: ServerRequest, _ context: ChannelHandlerContext,
    _ upgrade: (ServerRequest, HeaderFields) -> Void
  ) {
    switch admission.decision {
    case .accept(let headers, let identity):
      var request = request
      request.identity = identity
      upgrade(request, Admission.permitted(headers))
    case .refuse(let status, let headers, let body):
      answer(Admission.refusal(status: status, headers: headers, body: body), to: nil, context)
    }
  }

  /// The program's decision is not waited for any longer.
  func breakOff(_ reason: String, _ context: ChannelHandlerContext) {
    judgement?.cancel()
    answer(setup.busy(reason), to: nil, context)
  }

  private func request(
    _ head: RequestHead, _ client: ConnectionPeer, _ context: ChannelHandlerContext
  ) -> ServerRequest {
    ServerRequest(
      path: head.path, query: head.query, headers: head.headers,
      remoteHost: client.host, remotePort: client.port,
      isSecure: setup.isSecure, clientCertificate: setup.clientCertificate(context))
  }
}

extension HTTPChannelSetup {
  /// The answer to a request for a host that is none of the server's; nil when it is one.
  func refusalOfHost(_ head: RequestHead) -> HTTPResponse? {
    guard let hosts, head.path != configuration.pingPath || head.asksForWebSocket else {
      return nil
    }
    if let name = head.authority?.host, hosts.contains(where: { $0.matches(name) }) { return nil }
    return .refusal(.misdirectedRequest, "this server is not known by that name")
  }

  /// Counts a decision that begins. It counts as a handler, so that the server waits for it at its end.
  /// - Returns: false when as many are under way as connections are allowed: programs that never decide.
  func beginJudgement() -> Bool {
    let mayBegin = judgements.withLock { count in
      guard count < configuration.limits.maximumConnections else { return false }
      count += 1
      return true
    }
    if mayBegin { server.tracker.handlerStarted() }
    return mayBegin
  }

  func endJudgement() {
    judgements.withLock { $0 -= 1 }
    server.tracker.handlerEnded()
  }

  /// The certificate that the client of a channel proved to own.
  func clientCertificate(_ context: ChannelHandlerContext) -> ClientCertificate? {
    guard let tls = configuration.tls, tls.clientCertificates != .none else { return nil }
    return (try? context.pipeline.syncOperations.nioSSL_peerCertificate())
      .flatMap { try? $0.toDERBytes() }.flatMap(ClientCertificate.init(der:))
  }
}

extension HeaderFields {
  func appending(_ other: HeaderFields) -> HeaderFields {
    HeaderFields(fields + other.fields)
  }
}

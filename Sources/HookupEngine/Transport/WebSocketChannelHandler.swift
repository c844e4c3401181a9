import HookupCore
import NIOCore
import NIOSSL

/// Drives one WebSocket on its channel: the last handler of the pipeline, added once the opening handshake is done.
///
/// Add it on the channel's event loop. Bytes that came with the handshake go to it as an ordinary `channelRead`. It closes
/// the channel itself; ``connection`` is what others hold. It decides nothing: ``WebSocketMachine`` does.
package final class WebSocketChannelHandler: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias OutboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  /// The connection to hand to whoever sends. Usable from the start; what is sent before the handler is in its pipeline
  /// waits for that.
  package var connection: any WebSocketConnection { link }

  /// Beyond this many messages in one read their array is not kept for the next.
  private static let keptMessages = 256

  // Everything below is touched on the event loop only, and nothing calls out while it changes one of these. The checks of that at
  // run time would cost a tenth of an echo.
  private let link: ChannelWebSocketConnection
  private let pool: EventLoopPool
  @exclusivity(unchecked) private var delegate: (any WebSocketDelegate)?
  @exclusivity(unchecked) private var context: ChannelHandlerContext?
  @exclusivity(unchecked) private var machine: WebSocketMachine
  @exclusivity(unchecked) private var actions = ActionQueue<WebSocketMachine.Action>()
  @exclusivity(unchecked) private var isPerforming = false
  /// Messages on their way to the delegate; kept for its storage.
  @exclusivity(unchecked) private var messages: [WireFrame] = []
  @exclusivity(unchecked) private var output: WebSocketOutput
  /// The end of a read flushes: sends in it need not see to that.
  @exclusivity(unchecked) private var isInRead = false
  @exclusivity(unchecked) private var isFlushDue = false
  @exclusivity(unchecked) private var isFlushing = false
  /// Control frames were written: the machine wants to hear when they have left.
  @exclusivity(unchecked) private var isFlushedDue = false
  /// How the channel is to be closed once everything is written.
  @exclusivity(unchecked) private var closesWhenWritten: CloseMode?
  @exclusivity(unchecked) private var noticesInFlight = 0
  @exclusivity(unchecked) private var isReadHeld = false
  @exclusivity(unchecked) private var isReadWanted = false
  @exclusivity(unchecked) private var timer: Scheduled<Void>?
  @exclusivity(unchecked) private var timerDeadline: MonotonicInstant?

  /// - Parameters:
  ///   - channel: the channel this handler will be added to, on its event loop. The handshake is done: keepalive counts from now.
  ///   - delegate: hears of everything, on the channel's event loop. Held until it has heard `closed`.
  ///   - pool: what the connections of that event loop share; nil for one of its own.
  ///   - configuration: ``WebSocketSettings/configuration`` of the same settings, from whoever has many connections with them.
  package init(
    channel: any Channel, settings: WebSocketSettings, delegate: any WebSocketDelegate,
    pool: EventLoopPool? = nil, configuration: WebSocketMachine.Configuration? = nil
  ) {
    link = ChannelWebSocketConnection(channel: channel)
    self.pool = pool ?? EventLoopPool(channel.eventLoop)
    self.delegate = delegate
    let highBytes = max(settings.sendBufferHighBytes, 1)
    output = WebSocketOutput(highBytes: highBytes)
    machine = WebSocketMachine(
      configuration ?? settings.configuration,
      seed: .random(in: .min ... .max), at: MonotonicInstant(channel.eventLoop.now))
    // A channel that knows no such option is always writable.
    let lowBytes = min(max(settings.sendBufferLowBytes, 1), highBytes)
    try? channel.syncOptions?.setOption(
      .writeBufferWaterMark, value: .init(low: lowBytes, high: highBytes))
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    link.connect(to: self)
    perform()
  }

  /// It never came into its pipeline: its connection is over.
  package func abandon() { feed(.disconnected) }

  package func handlerRemoved(context: ChannelHandlerContext) {
    feed(.disconnected)
    self.context = nil
  }

  package func channelInactive(context: ChannelHandlerContext) {
    feed(.disconnected)
    context.fireChannelInactive()
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isInRead = true
    let bytes = unwrapInboundIn(data)
    feed(.received(bytes))
    pool.giveBack(received: bytes)
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    isInRead = false
    flushIfDue()
    context.fireChannelReadComplete()
  }

  package func channelWritabilityChanged(context: ChannelHandlerContext) {
    output.isChannelWritable = context.channel.isWritable
    // While a flush hands over what is collected, what it leaves is not known yet.
    if !isFlushing { reportWritability() }
    context.fireChannelWritabilityChanged()
  }

  package func read(context: ChannelHandlerContext) {
    if isReadHeld { isReadWanted = true } else { context.read() }
  }

  package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Where the channel keeps a half-closed connection open, the peer's end of stream is still the end.
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  package func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The read it broke off may never be completed.
    isInRead = false
    feed(
      .failed((error as? IOError).map(ConnectFailure.cause) ?? String(describing: error)))
    context.close(promise: nil)
  }

  /// What the connection's holder wants, on the event loop.
  func carryOut(_ order: ChannelWebSocketConnection.Order) {
    switch order {
    case .send(let frame, let written): send(frame, written: written)
    case .sendEncoded(let frame): send(encoded: frame)
    case .close(let code, let reason): feed(.close(code, reason: reason))
    case .abort: feed(.abort)
    case .setReading(let reading): feed(.reading(reading))
    case .conclude: feed(.concluded)
    }
  }

  /// What ``WebSocketConnection/facts`` tells.
  func facts() -> WebSocketFacts {
    let pings = machine.pings()
    return WebSocketFacts(
      encryption: encryption, lastPing: pings.last, nextPing: pings.next)
  }

  private var encryption: String? {
    guard let pipeline = context?.pipeline.syncOperations,
      let tls = try? pipeline.handler(type: NIOSSLHandler.self)
    else { return nil }
    return switch tls.tlsVersion {
    case .tlsv13: "TLS 1.3"
    case .tlsv12: "TLS 1.2"
    case .tlsv11: "TLS 1.1"
    case .tlsv1: "TLS 1.0"
    case nil: "TLS"
    }
  }

  func send(_ frame: WireFrame, written: WebSocketOutput.Written?) {
    prepareOutput()
    if frame.payload.readableBytes >= WebSocketOutput.referencedBytes,
      machine.appendHeader(of: frame, to: &output.tail)
    {
      output.append(frame.payload)
      if let written { output.notify(written) }
      return outputGrew()
    }
    guard machine.append(frame, to: &output.tail) else {
      written?(false)
      return
    }
    if let written { output.notify(written) }
    outputGrew()
  }

  func send(encoded frame: ByteBuffer) {
    guard machine.sendsEncodedFrames() else { return }
    prepareOutput()
    output.append(frame)
    outputGrew()
  }
}

// Events in, actions out.
extension WebSocketChannelHandler {
  private var now: MonotonicInstant { MonotonicInstant(link.eventLoop.now) }

  private func feed(_ event: WebSocketMachine.Event) {
    machine.handle(event, at: now, into: &actions)
    perform()
  }

  /// Carries out all orders, those too that arise meanwhile. Messages that follow one another go to the delegate at once.
  private func perform() {
    guard !isPerforming else { return }
    isPerforming = true
    while let action = actions.popFirst() {
      if case .deliver(let message) = action {
        messages.append(message)
        if actions.isEmpty { handOver() }
      } else {
        handOver()
        perform(action)
      }
    }
    isPerforming = false
    setTimer()
  }

  private func handOver() {
    guard !messages.isEmpty else { return }
    delegate?.webSocket(link, received: messages)
    messages.removeAll(keepingCapacity: messages.count <= Self.keptMessages)
  }

  private func perform(_ action: WebSocketMachine.Action) {
    switch action {
    case .deliver: break  // handed over in `perform()`
    case .heardLast:
      if let delegate {
        delegate.webSocketHeardLast(link)
      } else {
        machine.handle(.concluded, at: now, into: &actions)
      }
    case .write(let bytes):
      prepareOutput()
      output.tail.writeImmutableBuffer(bytes)
      isFlushedDue = true
      outputGrew()
    case .measured(let roundTrip): delegate?.webSocket(link, measuredRoundTrip: roundTrip)
    case .stalled(let isStalled): delegate?.webSocket(link, stalled: isStalled)
    case .read(let wanted): setReading(wanted)
    case .closeOutput: closeWhenWritten(.output)
    case .closeSocket: closeWhenWritten(.all)
    case .abort: context?.close(promise: nil)
    case .closed(let code, let reason, let byPeer):
      over(WebSocketCloseReason(code: code.rawValue, reason: reason, byPeer: byPeer))
    }
  }

  private func setReading(_ wanted: Bool) {
    isReadHeld = !wanted
    guard wanted, isReadWanted else { return }
    isReadWanted = false
    context?.read()
  }

  private func over(_ reason: WebSocketCloseReason) {
    let delegate = self.delegate
    self.delegate = nil
    timer?.cancel()
    timer = nil
    link.disconnect()
    for written in output.take().written { written(false) }
    delegate?.webSocket(link, closed: reason)
  }

  /// Sees to it that the machine is fed when its deadline has passed. A timer that fires too early looks again, so that
  /// a deadline that moves back with every read costs nothing.
  private func setTimer() {
    // One that is set stays: it does no harm, and what is due only within a message would be set anew with each read.
    guard let deadline = machine.currentDeadline() else { return }
    if timer != nil, let timerDeadline, timerDeadline <= deadline { return }
    timer?.cancel()
    timerDeadline = deadline
    timer = link.eventLoop.assumeIsolated().scheduleTask(deadline: NIODeadline(deadline)) {
      self.timer = nil
      self.feed(.timer)
    }
  }
}

// Bytes out.
extension WebSocketChannelHandler {
  /// Gives the output a buffer to collect in.
  private func prepareOutput() {
    if output.tail.storageCapacity == 0 { output.tail = pool.takeOutputBuffer() }
  }

  private func outputGrew() {
    reportWritability()
    guard !isFlushDue else { return }
    isFlushDue = true
    if !isInRead { pool.flushLater(self) }
  }

  private func reportWritability() {
    guard let isWritable = output.writabilityChange() else { return }
    delegate?.webSocket(link, becameWritable: isWritable)
  }

  func flushIfDue() {
    if isFlushDue { flush() }
  }

  /// Hands all that is collected to the channel: one write, most often, and one flush. Only who asks for it hears how it went: a
  /// promise costs more than a small write.
  private func flush() {
    isFlushDue = false
    guard let context else { return }
    var batch = output.take()
    let promise = notice(of: batch, context)
    isFlushing = true
    let last = batch.removeLast()
    for buffer in batch.buffers { context.write(wrapOutboundOut(buffer), promise: nil) }
    context.writeAndFlush(wrapOutboundOut(last), promise: promise)
    isFlushing = false
    if batch.hasTail { pool.giveBack(output: last) }
    reportWritability()
  }

  /// A promise that tells whoever waits for it that everything up to here was written; nil when nobody does.
  private func notice(
    of batch: WebSocketOutput.Batch, _ context: ChannelHandlerContext
  ) -> EventLoopPromise<Void>? {
    guard isFlushedDue || closesWhenWritten != nil || !batch.written.isEmpty else { return nil }
    isFlushedDue = false
    noticesInFlight += 1
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { result in
      self.settled(batch.written, result)
    }
    return promise
  }

  private func settled(_ callbacks: [WebSocketOutput.Written], _ result: Result<Void, any Error>) {
    noticesInFlight -= 1
    let isWritten = if case .success = result { true } else { false }
    for written in callbacks { written(isWritten) }
    guard isWritten, noticesInFlight == 0 else { return }
    feed(.flushed)
    closeIfWritten()
  }

  private func closeWhenWritten(_ mode: CloseMode) {
    closesWhenWritten = mode
    // Also when nothing is collected: an empty write comes behind those before it.
    flush()
  }

  private func closeIfWritten() {
    guard let mode = closesWhenWritten, output.isEmpty, let context else { return }
    closesWhenWritten = nil
    let promise = context.eventLoop.makePromise(of: Void.self)
    if mode == .output {
      // A channel that cannot close one half closes both.
      promise.futureResult.assumeIsolated().whenFailure { _ in self.context?.close(promise: nil) }
    }
    context.close(mode: mode, promise: promise)
  }
}

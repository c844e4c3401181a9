import HookupCore
import NIOCore

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

  private let link: ChannelWebSocketConnection
  private var delegate: (any WebSocketDelegate)?
  private var context: ChannelHandlerContext?
  private var machine: WebSocketMachine
  private var actions = ActionQueue<WebSocketMachine.Action>()
  private var isPerforming = false
  private var output: WebSocketOutput
  private var isFlushDue = false
  /// How the channel is to be closed once everything is written.
  private var closesWhenWritten: CloseMode?
  private var isReadHeld = false
  private var isReadWanted = false
  private var timer: Scheduled<Void>?
  private var timerDeadline: MonotonicInstant?

  /// - Parameters:
  ///   - channel: the channel this handler will be added to. The handshake is done: keepalive counts from now.
  ///   - delegate: hears of everything, on the channel's event loop. Held until it has heard `closed`.
  package init(
    channel: any Channel, settings: WebSocketSettings, delegate: any WebSocketDelegate
  ) {
    link = ChannelWebSocketConnection(channel: channel)
    self.delegate = delegate
    output = WebSocketOutput(
      highBytes: settings.sendBufferHighBytes, lowBytes: settings.sendBufferLowBytes)
    machine = WebSocketMachine(
      WebSocketMachine.Configuration(
        role: settings.role, maximumMessageBytes: settings.maximumMessageBytes,
        keepalive: settings.keepalive, closeTimeout: settings.closeTimeout,
        compression: settings.agreedCompression),
      seed: .random(in: .min ... .max), at: MonotonicInstant(channel.eventLoop.now))
  }

  package func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    link.connect(to: self)
    perform()
  }

  package func handlerRemoved(context: ChannelHandlerContext) {
    feed(.disconnected)
    self.context = nil
  }

  package func channelInactive(context: ChannelHandlerContext) {
    feed(.disconnected)
    context.fireChannelInactive()
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    feed(.received(unwrapInboundIn(data)))
  }

  package func channelReadComplete(context: ChannelHandlerContext) {
    flush()
    context.fireChannelReadComplete()
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
    feed(.failed(String(describing: error)))
    context.close(promise: nil)
  }

  /// What the connection's holder wants, on the event loop.
  func carryOut(_ order: ChannelWebSocketConnection.Order) {
    switch order {
    case .send(let frame, let written):
      guard machine.append(frame, to: &output.tail) else {
        written?(false)
        return
      }
      if let written { output.notify(written) }
      outputGrew()
    case .sendEncoded(let frame):
      guard machine.sendsEncodedFrames else { return }
      output.append(shared: frame)
      outputGrew()
    case .close(let code, let reason): feed(.close(code, reason: reason))
    case .abort: feed(.abort)
    case .setReading(let reading): feed(.reading(reading))
    }
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
    var messages: [WireFrame] = []
    while let action = actions.popFirst() {
      if case .deliver(let message) = action {
        messages.append(message)
        guard actions.isEmpty else { continue }
        hand(&messages)
      } else {
        hand(&messages)
        perform(action)
      }
    }
    isPerforming = false
    setTimer()
  }

  private func hand(_ messages: inout [WireFrame]) {
    guard !messages.isEmpty else { return }
    let batch = messages
    messages = []
    delegate?.webSocket(link, received: batch)
  }

  private func perform(_ action: WebSocketMachine.Action) {
    switch action {
    case .deliver: break  // handed over in `perform()`
    case .reportDelivered: machine.handle(.delivered, at: now, into: &actions)
    case .write(let bytes):
      output.tail.writeImmutableBuffer(bytes)
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
    link.disconnect()
    for written in output.take()?.written ?? [] { written(false) }
    delegate?.webSocket(link, closed: reason)
  }

  /// Sees to it that the machine is fed when its deadline has passed. A timer that fires too early looks again, so that
  /// a deadline that moves back with every read costs nothing.
  private func setTimer() {
    guard let deadline = machine.nextDeadline else {
      timer?.cancel()
      timer = nil
      return
    }
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
  private func outputGrew() {
    reportWritability()
    guard !isFlushDue else { return }
    isFlushDue = true
    link.eventLoop.assumeIsolated().execute { self.flush() }
  }

  private func reportWritability() {
    guard let isWritable = output.writabilityChange() else { return }
    delegate?.webSocket(link, becameWritable: isWritable)
  }

  /// Hands all that is collected to the channel: one write and one flush.
  private func flush() {
    isFlushDue = false
    guard let context, let batch = output.take() else { return }
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { result in
      self.settled(batch, result)
    }
    for buffer in batch.buffers.dropLast() {
      context.write(wrapOutboundOut(buffer), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(batch.buffers.last ?? ByteBuffer()), promise: promise)
  }

  private func settled(_ batch: WebSocketOutput.Batch, _ result: Result<Void, any Error>) {
    output.settled(batch)
    let isWritten = if case .success = result { true } else { false }
    for written in batch.written { written(isWritten) }
    reportWritability()
    guard isWritten, output.isEmpty else { return }
    feed(.flushed)
    closeIfWritten()
  }

  private func closeWhenWritten(_ mode: CloseMode) {
    closesWhenWritten = mode
    flush()
    closeIfWritten()
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

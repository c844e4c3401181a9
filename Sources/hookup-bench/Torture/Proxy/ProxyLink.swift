import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One connection through a ``FaultProxy``: two channels, and what a fault makes of the bytes between them.
///
/// Each way holds one read at a time: the next is asked for when the last was passed on, so that a receiver that takes
/// nothing stops its sender.
///
/// Touched on its event loop only; hence `@unchecked Sendable`.
final class ProxyLink: @unchecked Sendable {
  private struct Flow {
    /// Read and not yet passed on.
    var waiting = ByteBuffer()
    /// Something of it is under way; the rest waits its turn.
    var isBusy = false
    /// Nothing more will be read.
    var hasEnded = false
    /// Reads so far.
    var reads = 0
  }

  /// The most of one read that goes byte by byte: enough for any header, too little to take long.
  static let splitBytes = 512

  private let client: any Channel
  private let server: any Channel
  private let loop: any EventLoop
  private let opened = NIODeadline.now()
  private let onEnd: () -> Void
  private var flows: [LinkDirection: Flow] = [.toServer: Flow(), .toClient: Flow()]
  private var fault: LinkFault?
  private var isOver = false
  private var timers: [Scheduled<Void>] = []

  init(client: any Channel, server: any Channel, onEnd: @escaping () -> Void) {
    self.client = client
    self.server = server
    self.onEnd = onEnd
    loop = client.eventLoop
  }

  /// Whether a fault would meet a conversation: the server has answered, and some time has passed, and no other fault
  /// is at work.
  var isStrikable: Bool {
    !isOver && fault == nil && (flows[.toClient]?.reads ?? 0) > 0
      && NIODeadline.now() - opened > .milliseconds(100)
  }

  var hasFault: Bool { fault != nil }

  func start() {
    for direction in LinkDirection.allCases { advance(direction) }
  }

  // MARK: What the channels say

  func received(_ bytes: inout ByteBuffer, _ direction: LinkDirection) {
    guard !isOver else { return }
    flows[direction]?.reads += 1
    flows[direction]?.waiting.writeBuffer(&bytes)
    advance(direction)
  }

  /// The channel that `direction` comes from has ended: what was read goes on, then the other one ends as well.
  func ended(_ direction: LinkDirection) {
    flows[direction]?.hasEnded = true
    advance(direction)
  }

  // MARK: Faults

  /// Begins a fault; ``isStrikable`` must hold.
  func strike(_ fault: LinkFault) {
    self.fault = fault
    switch fault {
    case .cut: cut()
    case .reset:
      // In mid-frame if anything comes in time; in silence otherwise.
      after(.milliseconds(300)) { $0.reset() }
    case .blackhole(_, let time): after(time) { $0.reset() }
    case .trickle(_, let time), .split(let time), .delay(_, let time):
      after(time) { $0.fault = nil }
    }
  }

  /// Ends the connection with FIN both ways, at whatever byte it is.
  func cut() {
    guard !isOver else { return }
    isOver = true
    cancelTimers()
    client.close(mode: .output, promise: nil)
    server.close(mode: .output, promise: nil)
    // A descriptor that is closed with bytes unread answers with a reset: the FIN goes first.
    loop.scheduleTask(in: .milliseconds(50)) { self.close() }
  }

  /// Ends the connection with RST both ways.
  func reset() {
    guard !isOver else { return }
    isOver = true
    cancelTimers()
    let hard = linger(l_onoff: 1, l_linger: 0)
    let options = [client, server].compactMap { channel in
      (channel as? any SocketOptionProvider)?.setSoLinger(hard)
    }
    EventLoopFuture.andAllComplete(options, on: loop).whenComplete { _ in self.close() }
  }

  private func close() {
    isOver = true
    cancelTimers()
    client.close(promise: nil)
    server.close(promise: nil)
    onEnd()
  }

  private func cancelTimers() {
    for timer in timers { timer.cancel() }
    timers.removeAll()
  }

  private func after(_ time: Duration, _ body: @escaping (ProxyLink) -> Void) {
    timers.append(
      loop.assumeIsolated().scheduleTask(in: TimeAmount(time)) {
        if !self.isOver { body(self) }
      })
  }

  // MARK: Passing on

  private func channel(from direction: LinkDirection) -> any Channel {
    direction == .toServer ? client : server
  }

  private func channel(to direction: LinkDirection) -> any Channel {
    direction == .toServer ? server : client
  }

  /// Takes the next step of one way, if none is under way.
  private func advance(_ direction: LinkDirection) {
    guard !isOver, var flow = flows[direction], !flow.isBusy else { return }
    guard flow.waiting.readableBytes > 0 else {
      if flow.hasEnded { return close() }
      return channel(from: direction).read()
    }
    flow.isBusy = true
    flows[direction] = flow
    switch fault {
    case .blackhole(direction, _):
      flows[direction]?.waiting.clear()
      loop.execute { self.done(direction) }
    case .trickle(direction, _):
      write(direction, bytes: 1) { link in
        link.loop.scheduleTask(in: .seconds(1)) { link.done(direction) }
      }
    case .delay(let time, _):
      loop.scheduleTask(in: TimeAmount(time)) { self.writeAll(direction) }
    case .split: writeSplit(direction)
    case .reset:
      write(direction, bytes: (flow.waiting.readableBytes + 1) / 2) { $0.reset() }
    case .cut, .blackhole, .trickle, nil: writeAll(direction)
    }
  }

  private func done(_ direction: LinkDirection) {
    flows[direction]?.isBusy = false
    advance(direction)
  }

  private func writeAll(_ direction: LinkDirection) {
    write(direction, bytes: .max) { $0.done(direction) }
  }

  private func writeSplit(_ direction: LinkDirection) {
    let count = min(flows[direction]?.waiting.readableBytes ?? 0, Self.splitBytes)
    for _ in 1..<max(1, count) { write(direction, bytes: 1) { _ in } }
    writeAll(direction)
  }

  private func write(
    _ direction: LinkDirection, bytes limit: Int, _ body: @escaping (ProxyLink) -> Void
  ) {
    guard !isOver, var waiting = flows[direction]?.waiting else { return }
    let count = min(limit, waiting.readableBytes)
    guard let slice = waiting.readSlice(length: count) else { return }
    if waiting.readableBytes == 0 { waiting = ByteBuffer() }
    flows[direction]?.waiting = waiting
    channel(to: direction).writeAndFlush(slice).assumeIsolated().whenComplete { result in
      switch result {
      case .success: body(self)
      case .failure: if !self.isOver { self.close() }
      }
    }
  }
}

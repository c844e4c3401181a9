import HookupEngine
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// What a delegate heard, in order.
enum Heard: Equatable, Sendable {
  case received([WireFrame])
  case writable(Bool)
  case roundTrip(Duration)
  case stalled(Bool)
  case closed(WebSocketCloseReason)
}

/// A delegate that notes what it hears, answers as told, and hands what it heard to whoever waits.
final class RecordingDelegate: WebSocketDelegate {
  typealias Reply = @Sendable (any WebSocketConnection, [WireFrame]) -> Void

  private let reply: Reply?
  private let notes = NIOLockedValueBox<[Heard]>([])
  private let stream: AsyncStream<Heard>
  private let continuation: AsyncStream<Heard>.Continuation

  init(reply: Reply? = nil) {
    self.reply = reply
    (stream, continuation) = AsyncStream.makeStream()
  }

  /// A delegate that sends everything back.
  static func echo() -> RecordingDelegate {
    RecordingDelegate { connection, frames in
      for frame in frames { connection.send(frame, written: nil) }
    }
  }

  /// All that was heard since the last call.
  func heard() -> [Heard] {
    notes.withLockedValue { notes in
      defer { notes = [] }
      return notes
    }
  }

  /// Waits until `wanted` is true of something heard, now or later, and gives that.
  func next(where wanted: @Sendable (Heard) -> Bool = { _ in true }) async -> Heard? {
    await stream.first(where: wanted)
  }

  /// Waits for the end.
  func closed() async -> WebSocketCloseReason? {
    for await heard in stream {
      if case .closed(let reason) = heard { return reason }
    }
    return nil
  }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    note(.received(frames))
    reply?(connection, frames)
  }
  func webSocket(_ connection: any WebSocketConnection, becameWritable isWritable: Bool) {
    note(.writable(isWritable))
  }
  func webSocket(
    _ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration
  ) {
    note(.roundTrip(roundTrip))
  }
  func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool) {
    note(.stalled(isStalled))
  }
  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {
    note(.closed(reason))
    continuation.finish()
  }

  private func note(_ heard: Heard) {
    notes.withLockedValue { $0.append(heard) }
    continuation.yield(heard)
  }
}

/// A server on loopback, as small as can be: one reply to the request head, made by a closure, and then either a
/// ``WebSocketChannelHandler`` or nothing.
struct TinyServer {
  enum Reply: Sendable {
    /// Accepts, sends `extra` in the same write as the answer, and lets `delegate` have the connection.
    case accept(any WebSocketDelegate, extra: ByteBuffer = ByteBuffer(), speaking: [String] = [])
    /// Sends these bytes and nothing more.
    case raw(String)
    /// Sends these bytes and closes.
    case rawAndClose(String)
  }

  let channel: any Channel
  let port: Int

  static func start(
    settings: WebSocketSettings = WebSocketSettings(role: .server),
    childInitializer: @escaping @Sendable (any Channel) throws -> Void = { _ in },
    reply: @escaping @Sendable ([(name: String, value: String)]) -> Reply
  ) async throws -> TinyServer {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try childInitializer(channel)
          try channel.pipeline.syncOperations.addHandler(
            TinyServerHandler(settings: settings, reply: reply))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return TinyServer(channel: channel, port: channel.localAddress?.port ?? 0)
  }

  func stop() async throws { try await channel.close().get() }
}

private final class TinyServerHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let settings: WebSocketSettings
  private let reply: @Sendable ([(name: String, value: String)]) -> TinyServer.Reply
  private var request = ""

  init(
    settings: WebSocketSettings,
    reply: @escaping @Sendable ([(name: String, value: String)]) -> TinyServer.Reply
  ) {
    self.settings = settings
    self.reply = reply
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    request += String(buffer: unwrapInboundIn(data))
    guard request.hasSuffix("\r\n\r\n") else { return }
    let headers = request.split(separator: "\r\n").dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      return (name: parts[0], value: String(parts[1].dropFirst()))
    }
    switch reply(headers) {
    case .accept(let delegate, let extra, let subprotocols):
      accept(context, headers, delegate, extra, subprotocols)
    case .raw(let text):
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    case .rawAndClose(let text):
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).assumeIsolated()
        .whenComplete { _ in context.close(promise: nil) }
    }
  }

  private func accept(
    _ context: ChannelHandlerContext, _ headers: [(name: String, value: String)],
    _ delegate: any WebSocketDelegate, _ extra: ByteBuffer, _ subprotocols: [String]
  ) {
    var head = ByteBuffer()
    switch WebSocketHandshake.answer(method: "GET", headers: headers, subprotocols: subprotocols) {
    case .accept(_, _, let fields):
      head.writeString("HTTP/1.1 101 Switching Protocols\r\n")
      for (name, value) in fields { head.writeString("\(name): \(value)\r\n") }
      head.writeString("\r\n")
      head.writeImmutableBuffer(extra)
      context.writeAndFlush(wrapOutboundOut(head), promise: nil)
      let handler = WebSocketChannelHandler(
        channel: context.channel, settings: settings, delegate: delegate)
      try? context.pipeline.syncOperations.addHandler(handler, position: .after(self))
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    case .refuse(let status, let fields, _):
      head.writeString("HTTP/1.1 \(status) Refused\r\n")
      for (name, value) in fields { head.writeString("\(name): \(value)\r\n") }
      head.writeString("\r\n")
      context.writeAndFlush(wrapOutboundOut(head), promise: nil)
    }
  }
}

import HookupCore
import HookupEngine
import NIOCore
import NIOPosix
import Testing

/// A server that answers each request head as a closure says, and remembers the heads.
struct ScriptedServer: Sendable {
  enum Answer: Sendable {
    /// A WebSocket that sends everything back.
    case webSocket
    case bytes(String)
    case bytesAndClose(String)
    case silence
    /// A tunnel to this port of 127.0.0.1.
    case tunnel(port: Int)
  }

  let channel: any Channel
  let heads: Mailbox<String>
  /// A value for each connection that has ended.
  let ended: Mailbox<Void>

  var port: Int { channel.localAddress?.port ?? 0 }

  static func start(
    host: String = "127.0.0.1", port: Int = 0, socketPath: String? = nil,
    childInitializer: @escaping @Sendable (any Channel) throws -> Void = { _ in },
    answer: @escaping @Sendable (String) -> Answer
  ) async throws -> ScriptedServer {
    let heads = Mailbox<String>()
    let ended = Mailbox<Void>()
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.closeFuture.whenComplete { _ in ended.put(()) }
        return channel.eventLoop.makeCompletedFuture {
          try childInitializer(channel)
          try channel.pipeline.syncOperations.addHandler(
            ScriptedHandler(heads: heads, answer: answer))
        }
      }
    let channel =
      if let socketPath {
        try await bootstrap.bind(unixDomainSocketPath: socketPath).get()
      } else {
        try await bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
          .bind(host: host, port: port).get()
      }
    return ScriptedServer(channel: channel, heads: heads, ended: ended)
  }

  func stop() async throws { try await channel.close().get() }

  /// The answer that accepts the WebSocket of `head`, with one header set to another value (nil: left out).
  static func accepting(_ head: String, with name: String = "", _ value: String? = nil) -> String {
    let key =
      head.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }?.dropFirst(19)
      ?? ""
    var headers = [
      ("Upgrade", "websocket"), ("Connection", "Upgrade"),
      ("Sec-WebSocket-Accept", WebSocketHandshake.acceptValue(for: String(key))),
    ].filter { $0.0 != name }
    if let value { headers.append((name, value)) }
    return "HTTP/1.1 101 Switching Protocols\r\n"
      + headers.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
  }
}

private final class ScriptedHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let heads: Mailbox<String>
  private let answer: @Sendable (String) -> ScriptedServer.Answer
  private var head = ""
  private var tunnel: (any Channel)?

  init(heads: Mailbox<String>, answer: @escaping @Sendable (String) -> ScriptedServer.Answer) {
    self.heads = heads
    self.answer = answer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if let tunnel { return tunnel.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    head += String(buffer: unwrapInboundIn(data))
    guard head.hasSuffix("\r\n\r\n") else { return }
    heads.put(head)
    switch answer(head) {
    case .webSocket:
      write(ScriptedServer.accepting(head), context)
      let handler = WebSocketChannelHandler(
        channel: context.channel, settings: WebSocketSettings(role: .server),
        delegate: RecordingDelegate.echo())
      try? context.pipeline.syncOperations.addHandler(handler, position: .after(self))
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    case .bytes(let text):
      head = ""
      write(text, context)
    case .bytesAndClose(let text):
      write(text, context)
      context.close(promise: nil)
    case .silence: head = ""
    case .tunnel(let port): open(port, context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    tunnel?.close(promise: nil)
    context.fireChannelInactive()
  }

  private func write(_ text: String, _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
  }

  private func open(_ port: Int, _ context: ChannelHandlerContext) {
    let near = context.channel
    ClientBootstrap(group: context.eventLoop)
      .channelInitializer { far in
        far.closeFuture.whenComplete { _ in near.close(promise: nil) }
        return far.eventLoop.makeCompletedFuture {
          try far.pipeline.syncOperations.addHandler(Relay(to: near))
        }
      }
      .connect(host: "127.0.0.1", port: port).assumeIsolated().whenSuccess { far in
        self.tunnel = far
        self.write("HTTP/1.1 200 Connection established\r\n\r\n", context)
      }
  }
}

/// Hands what comes to another channel.
private final class Relay: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let near: any Channel
  init(to near: any Channel) { self.near = near }
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    near.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }
}

/// Opens one connection and sees that it carries messages; the result is closed.
func talk(
  _ connector: WebSocketConnector = WebSocketConnector(), _ request: WebSocketConnector.Request
) async throws {
  let delegate = RecordingDelegate()
  let connected = try await connector.begin(
    request, on: MultiThreadedEventLoopGroup.singleton.next(), delegate: delegate
  ).result.get()
  let hello = WireFrame.text(ByteBuffer(string: "hello"))
  connected.connection.send(hello, written: nil)
  let heard = await delegate.next()
  connected.connection.abort()
  guard heard == .received([hello]) else {
    throw HookupError(.protocolViolation, "no echo but \(String(describing: heard))")
  }
}

extension WebSocketConnector.Request {
  /// A request straight to `url`.
  init(_ url: String, _ change: (inout Self) throws -> Void = { _ in }) throws {
    self.init(url: try WebSocketURL(url), settings: WebSocketSettings(role: .client))
    proxy = .none
    try change(&self)
  }
}

/// The error that opening a connection ends with.
func failure(
  _ connector: WebSocketConnector = WebSocketConnector(), _ request: WebSocketConnector.Request
) async -> HookupError? {
  await #expect(throws: HookupError.self) { try await talk(connector, request) }
}

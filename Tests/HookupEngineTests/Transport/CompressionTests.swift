import HookupCore
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HookupEngine

/// permessage-deflate between a client and a server over a socket.
@Suite(.timeLimit(.minutes(1))) struct CompressionTests {
  private static let sentence = "the quick brown fox jumps over the lazy dog, number "
  private static let text = (0..<40).map { sentence + "\($0); " }.joined()

  /// Whether client and server want compression, and how many of the bytes sent may be on the wire.
  @Test(
    arguments: [
      (true, true, true, 0.0..<0.1), (true, true, false, 0.1..<0.3),
      (true, false, true, 1.0..<2.0), (false, true, true, 1.0..<2.0),
    ] as [(Bool, Bool, Bool, Range<Double>)])
  func `messages are shorter on the wire when both ends want that, and arrive in any case`(
    client: Bool, server: Bool, keepsContext: Bool, share: Range<Double>
  ) async throws {
    var settings = CompressionSettings()
    settings.keepsContext = keepsContext
    var configuration = ClientConfiguration.quick
    configuration.compression = client ? settings : nil
    let serverSettings = settings
    let clientConfiguration = configuration
    try await withServer(configured { $0.compression = server ? serverSettings : nil }) {
      _, address in
      let proxy = try await CountingProxy.start(to: address)
      let url = "ws://127.0.0.1:\(proxy.port)/"
      try await withHookupClient(url, configuration: clientConfiguration) { client in
        for number in 0..<50 { try await client.send(.text("\(number) " + Self.text)) }
        var events = client.events.makeAsyncIterator()
        for number in 0..<50 {
          #expect(try await next(&events) { $0.text } == "\(number) " + Self.text)
        }
      }
      let sent = Double(2 * 50 * Self.text.utf8.count)
      let counted = Double(proxy.bytes) / sent
      #expect(share.contains(counted), "\(counted)")
      try await proxy.stop()
    }
  }

  @Test func `a bomb is refused with 1009`() async throws {
    try await withServer(
      configured {
        $0.compression = CompressionSettings()
        $0.limits.maximumMessageBytes = 100_000
      }
    ) { _, address in
      let (client, connection) = try await Self.connect(address, compression: .init())
      connection.send(text: String(repeating: "a", count: 100_000))
      guard case .text(let echoed) = try await client.heard.next() else {
        Issue.record("no echo")
        return
      }
      #expect(echoed.utf8.count == 100_000)
      connection.send(text: String(repeating: "a", count: 100_001))
      #expect(
        try await client.heard.next() == .closed(1009, "a message is larger than 100000 bytes"))
    }
  }

  @Test func `a broadcast reaches those who compress and those who do not`() async throws {
    try await withServer(configured { $0.compression = CompressionSettings() }) {
      server, address in
      let (one, first) = try await Self.connect(address, compression: .init())
      let (other, second) = try await Self.connect(address, compression: nil)
      for connection in [first, second] { connection.send(text: Self.text) }
      #expect(try await one.heard.next() == .text(Self.text))
      #expect(try await other.heard.next() == .text(Self.text))
      _ = try await server.broadcast(.text(Self.text + "to all"))
      #expect(try await one.heard.next() == .text(Self.text + "to all"))
      #expect(try await other.heard.next() == .text(Self.text + "to all"))
      for connection in [first, second] { connection.send(text: Self.text) }
      #expect(try await one.heard.next() == .text(Self.text))
      #expect(try await other.heard.next() == .text(Self.text))
    }
  }

  @Test func `the server answers the offer of a browser`() async throws {
    try await withServer(configured { $0.compression = CompressionSettings() }) { _, address in
      let client = try await RawClient.connect(address)
      try await client.send(
        upgradeRequest(["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]))
      let answer = try await client.read(until: "\r\n\r\n")
      #expect(
        answer.contains(
          "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12; "
            + "client_max_window_bits=12\r\n"))
      await client.close()
    }
  }

  @Test func `a server that chooses what was not offered is refused`() async throws {
    let server = try await TinyServer.start { headers in
      let key = headers.first { $0.name == "Sec-WebSocket-Key" }?.value ?? ""
      return .raw(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Accept: \(WebSocketHandshake.acceptValue(for: key))\r\n"
          + "Sec-WebSocket-Extensions: permessage-deflate; mystery\r\n\r\n")
    }
    let address = ServerAddress(host: "127.0.0.1", port: server.port, isSecure: false)
    let error = await #expect(throws: HookupError.self) {
      try await Self.connect(address, compression: .init())
    }
    #expect(error?.code == .handshakeFailed)
    #expect(error?.message.contains("permessage-deflate with a parameter") == true)
    try await server.stop()
  }

  @Test func `settings that make no sense are named`() {
    var configuration = ServerConfiguration()
    configuration.compression = CompressionSettings()
    configuration.compression?.windowBits = 8
    let error = #expect(throws: HookupError.self) { try configuration.validate() }
    #expect(error?.message == "compression.windowBits is 8; it must be in 9...15")
  }

  private static func connect(
    _ address: ServerAddress, compression: CompressionSettings?
  ) async throws -> (TestWebSocket, any WebSocketConnection) {
    let client = TestWebSocket()
    let connected = try await WebSocketConnector().connect(
      to: WebSocketURL(address.url),
      settings: WebSocketSettings(role: .client, compression: compression),
      on: MultiThreadedEventLoopGroup.singleton.next(), delegate: client
    ).get()
    return (client, connected.connection)
  }
}

/// Passes bytes on between clients and a server, and counts them.
private struct CountingProxy: Sendable {
  final class Counter: Sendable {
    let bytes = Mutex(0)
  }

  let counter: Counter
  private let channel: any Channel

  var port: Int { channel.localAddress?.port ?? 0 }
  var bytes: Int { counter.bytes.withLock { $0 } }

  static func start(to address: ServerAddress) async throws -> CountingProxy {
    let counter = Counter()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { client in
        ClientBootstrap(group: client.eventLoop)
          .connect(host: address.host, port: address.port)
          .flatMapThrowing { server in
            try client.pipeline.syncOperations.addHandler(Glue(counter, to: server))
            try server.pipeline.syncOperations.addHandler(Glue(counter, to: client))
          }
          .flatMap { client.setOption(.autoRead, value: true) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return CountingProxy(counter: counter, channel: channel)
  }

  func stop() async throws { try await channel.close().get() }

  private final class Glue: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let counter: Counter
    private let partner: any Channel

    init(_ counter: Counter, to partner: any Channel) {
      self.counter = counter
      self.partner = partner
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      counter.bytes.withLock { $0 += bytes.readableBytes }
      partner.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { partner.close(promise: nil) }
  }
}

import Glibc
import HookupEngine
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Testing

@Suite struct WebSocketChannelHandlerTests {
  /// A handler on an embedded channel, in virtual time.
  struct Bench {
    let channel = EmbeddedChannel()
    let delegate: RecordingDelegate
    let connection: any WebSocketConnection

    init(
      _ settings: WebSocketSettings = WebSocketSettings(role: .server, keepalive: nil),
      delegate: RecordingDelegate = RecordingDelegate()
    ) throws {
      self.delegate = delegate
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
      let handler = WebSocketChannelHandler(
        channel: channel, settings: settings, delegate: delegate)
      connection = handler.connection
      try channel.pipeline.syncOperations.addHandler(handler)
    }

    func receive(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

    /// All writes that reached the channel.
    func written() throws -> [ByteBuffer] {
      channel.embeddedEventLoop.run()
      var buffers: [ByteBuffer] = []
      while let buffer = try channel.readOutbound(as: ByteBuffer.self) { buffers.append(buffer) }
      return buffers
    }
  }

  /// A masked text frame whose key is zero.
  static func text(_ text: String) -> [UInt8] {
    [0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0] + Array(text.utf8)
  }

  static func plain(_ text: String) -> [UInt8] {
    [0x81, UInt8(text.utf8.count)] + Array(text.utf8)
  }

  @Test func `the messages of one read come in one call, and the answers leave in one write`()
    throws
  {
    let bench = try Bench(delegate: .echo())
    try bench.receive(Self.text("a") + Self.text("b"))
    #expect(
      bench.delegate.heard() == [
        .received([.text(ByteBuffer(string: "a")), .text(ByteBuffer(string: "b"))])
      ])
    #expect(try bench.written() == [ByteBuffer(bytes: Self.plain("a") + Self.plain("b"))])
  }

  @Test func `the answer to a message goes before the close frame that followed it`() throws {
    let bench = try Bench(delegate: .echo())
    try bench.receive(Self.text("a") + [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8])
    let both = Self.plain("a") + [0x88, 0x02, 0x03, 0xE8]
    #expect(try bench.written() == [ByteBuffer(bytes: both)])
    #expect(!bench.channel.isActive)
  }

  @Test func `sends of one turn share a write, and each hears that it was written`() throws {
    let bench = try Bench()
    let results = NIOLockedValueBox<[String]>([])
    for name in ["a", "b"] {
      bench.connection.send(.text(ByteBuffer(string: name))) { isWritten in
        results.withLockedValue { $0.append("\(name) \(isWritten)") }
      }
    }
    #expect(results.withLockedValue { $0 } == [])
    #expect(try bench.written() == [ByteBuffer(bytes: Self.plain("a") + Self.plain("b"))])
    #expect(results.withLockedValue { $0 } == ["a true", "b true"])
  }

  @Test func `what is sent before the handler is in its pipeline waits for that`() throws {
    let channel = EmbeddedChannel()
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    let handler = WebSocketChannelHandler(
      channel: channel, settings: WebSocketSettings(role: .server),
      delegate: RecordingDelegate())
    handler.connection.send(.text(ByteBuffer(string: "early")), written: nil)
    try channel.pipeline.syncOperations.addHandler(handler)
    channel.embeddedEventLoop.run()
    #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(bytes: Self.plain("early")))
  }

  @Test func `encoded frames are sent as they are, small and large, in order`() throws {
    let bench = try Bench()
    let large = WebSocketFrameEncoder.encode(.binary(ByteBuffer(repeating: 1, count: 9_000)))
    let small = WebSocketFrameEncoder.encode(.text(ByteBuffer(string: "x")))
    bench.connection.send(encoded: small)
    bench.connection.send(encoded: large)
    bench.connection.send(.text(ByteBuffer(string: "y")), written: nil)
    #expect(
      try bench.written() == [small, large, ByteBuffer(bytes: Self.plain("y"))])
  }

  @Test func `the delegate hears of a full and of an emptied buffer, once each`() throws {
    let bench = try Bench(
      WebSocketSettings(
        role: .server, keepalive: nil, sendBufferHighBytes: 1_000, sendBufferLowBytes: 100))
    let payload = ByteBuffer(repeating: 0, count: 600)
    bench.connection.send(.binary(payload), written: nil)
    #expect(bench.delegate.heard() == [])
    bench.connection.send(.binary(payload), written: nil)
    bench.connection.send(.binary(payload), written: nil)
    #expect(bench.delegate.heard() == [.writable(false)])
    _ = try bench.written()
    #expect(bench.delegate.heard() == [.writable(true)])
  }

  @Test func `after the end every send hears that it was not written`() throws {
    let bench = try Bench()
    let results = NIOLockedValueBox<[Bool]>([])
    let note: @Sendable (Bool) -> Void = { isWritten in
      results.withLockedValue { $0.append(isWritten) }
    }
    bench.connection.send(.text(ByteBuffer(string: "unflushed")), written: note)
    bench.connection.abort()
    bench.connection.send(.text(ByteBuffer(string: "late")), written: note)
    bench.channel.embeddedEventLoop.run()
    #expect(results.withLockedValue { $0 } == [false, false])
    let aborted = WebSocketCloseReason(code: 1006, reason: "dropped on request", byPeer: false)
    #expect(bench.delegate.heard() == [.closed(aborted)])
    #expect(!bench.channel.isActive)
  }

  @Test func `the peer's close closes the channel when the answer is written`() throws {
    let bench = try Bench()
    try bench.receive([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9])
    #expect(try bench.written() == [ByteBuffer(bytes: [0x88, 0x02, 0x03, 0xE9])])
    #expect(
      bench.delegate.heard() == [
        .closed(WebSocketCloseReason(code: 1001, reason: "", byPeer: true))
      ])
    #expect(!bench.channel.isActive)
  }

  @Test func `a peer that does not answer a close is dropped after the timeout`() throws {
    let bench = try Bench()
    bench.connection.close(code: 1001, reason: "bye")
    _ = try bench.written()
    bench.channel.embeddedEventLoop.advanceTime(by: .milliseconds(4_999))
    #expect(bench.channel.isActive)
    bench.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(!bench.channel.isActive)
    #expect(
      bench.delegate.heard() == [
        .closed(WebSocketCloseReason(code: 1001, reason: "bye", byPeer: false))
      ])
  }

  @Test func `a silent peer is pinged, reported and dropped`() throws {
    let bench = try Bench(WebSocketSettings(role: .server))
    let loop = bench.channel.embeddedEventLoop
    loop.advanceTime(by: .seconds(13))
    #expect(try bench.written() == [])
    for _ in 0..<40 { loop.advanceTime(by: .milliseconds(100)) }
    let ping = try bench.written()
    #expect(ping.count == 1)
    #expect(ping.first?.getBytes(at: 0, length: 2) == [0x89, 0x08])
    for _ in 0..<100 { loop.advanceTime(by: .milliseconds(100)) }
    let dead = WebSocketCloseReason(
      code: 1006, reason: "the peer did not answer a ping", byPeer: false)
    #expect(bench.delegate.heard() == [.stalled(true), .closed(dead)])
  }

  @Test func `traffic puts the ping off, and a pong tells the round trip`() throws {
    let bench = try Bench(WebSocketSettings(role: .server))
    let loop = bench.channel.embeddedEventLoop
    for _ in 0..<10 {
      loop.advanceTime(by: .seconds(10))
      try bench.receive([0x8A, 0x80, 0, 0, 0, 0])
    }
    #expect(try bench.written() == [])
    for _ in 0..<170 { loop.advanceTime(by: .milliseconds(100)) }
    let ping = try #require(try bench.written().first)
    let nonce = try #require(ping.getBytes(at: 2, length: 8))
    try bench.receive([0x8A, 0x88, 0, 0, 0, 0] + nonce)
    guard case .roundTrip(let roundTrip)? = bench.delegate.heard().last else {
      Issue.record("no round trip")
      return
    }
    #expect(roundTrip < .seconds(4))
  }

  @Test func `reading stops and resumes`() throws {
    let bench = try Bench()
    let reads = ReadCounter()
    try bench.channel.pipeline.syncOperations.addHandler(reads, position: .first)
    bench.channel.read()
    #expect(reads.count == 1)
    bench.connection.setReading(false)
    bench.channel.read()
    bench.channel.read()
    #expect(reads.count == 1)
    bench.connection.setReading(true)
    #expect(reads.count == 2)
    bench.connection.setReading(true)
    bench.channel.read()
    #expect(reads.count == 3)
  }

  @Test func `an error on the channel is the reason of the end`() throws {
    struct Broken: Error, CustomStringConvertible { let description = "broken pipe" }
    let bench = try Bench()
    bench.channel.pipeline.fireErrorCaught(Broken())
    bench.channel.embeddedEventLoop.run()
    #expect(
      bench.delegate.heard() == [
        .closed(WebSocketCloseReason(code: 1006, reason: "broken pipe", byPeer: true))
      ])
  }

  @Test(arguments: [
    (ECONNRESET, "connection reset"), (EPIPE, "broken pipe"), (ETIMEDOUT, "no answer"),
  ])
  func `what the system says of a broken connection is told in words`(
    _ number: Int32, _ words: String
  ) throws {
    let bench = try Bench()
    bench.channel.pipeline.fireErrorCaught(
      IOError(errnoCode: number, reason: "read(descriptor:pointer:size:)"))
    bench.channel.embeddedEventLoop.run()
    #expect(
      bench.delegate.heard() == [
        .closed(WebSocketCloseReason(code: 1006, reason: words, byPeer: true))
      ])
  }

  @Test func `orders given while messages are handed over are carried out`() throws {
    let delegate = RecordingDelegate { connection, _ in
      connection.send(.text(ByteBuffer(string: "bye")), written: nil)
      connection.close(code: 1000, reason: "")
      connection.send(.text(ByteBuffer(string: "late")), written: nil)
    }
    let bench = try Bench(delegate: delegate)
    try bench.receive(Self.text("a"))
    #expect(
      try bench.written() == [ByteBuffer(bytes: Self.plain("bye") + [0x88, 0x02, 0x03, 0xE8])])
  }

  private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = Any
    var count = 0
    func read(context: ChannelHandlerContext) {
      count += 1
      context.read()
    }
  }
}

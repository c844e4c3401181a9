import HookupEngine
import NIOCore
import NIOPosix
import Testing

@testable import hookup_bench

@Suite(.timeLimit(.minutes(2)))
struct FaultProxyTests {
  /// A proxy before an echo server of plain bytes, and one connection through it whose first byte has come back.
  private func withConnection(
    _ body: (FaultProxy, inout Peer) async throws -> Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let server = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Echo())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let proxy = try await FaultProxy.start(
      port: 0, to: ("127.0.0.1", server.localAddress?.port ?? 0))
    let (reads, continuation) = AsyncStream<Read>.makeStream()
    let channel = try await ClientBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(continuation))
        }
      }
      .connect(host: "127.0.0.1", port: proxy.port).get()
    var peer = Peer(channel: channel, reads: reads.makeAsyncIterator())
    peer.write("x")
    #expect(await peer.next(bytes: 1) == "x")
    try await body(proxy, &peer)
    try? await channel.close()
    await proxy.close()
    try await server.close()
  }

  /// Strikes as soon as the connection counts as open.
  private func strike(_ proxy: FaultProxy, _ fault: LinkFault) async {
    while await proxy.strikeAll(fault) == 0 { await Task.yield() }
  }

  @Test func `without a fault it passes on`() async throws {
    try await withConnection { _, peer in
      let text = String(repeating: "0123456789", count: 100_000)
      peer.write(text)
      #expect(await peer.next(bytes: text.utf8.count) == text)
    }
  }

  @Test func `a cut is an orderly end`() async throws {
    try await withConnection { proxy, peer in
      await strike(proxy, .cut)
      #expect(await peer.end() == .end)
      #expect(await proxy.counts() == [.cut: 1])
    }
  }

  @Test func `a reset comes after half of what was read`() async throws {
    try await withConnection { proxy, peer in
      await strike(proxy, .reset)
      peer.write("0123456789")
      #expect(await peer.end() == .reset)
    }
  }

  @Test func `a black hole swallows one way and ends with a reset`() async throws {
    try await withConnection { proxy, peer in
      await strike(proxy, .blackhole(.toServer, for: .milliseconds(200)))
      peer.write("0123456789")
      #expect(await peer.end() == .reset)
      #expect(peer.seen == "x")
    }
  }

  @Test func `split and held back reads come whole`() async throws {
    for fault in [
      .split(for: .seconds(60)), .delay(.milliseconds(20), for: .seconds(60)),
    ] as [LinkFault] {
      try await withConnection { proxy, peer in
        await strike(proxy, fault)
        let text = String(repeating: "0123456789", count: 200)
        peer.write(text)
        #expect(await peer.next(bytes: text.utf8.count) == text)
      }
    }
  }

  @Test func `a trickle lets a byte pass each second, and all when it is over`() async throws {
    try await withConnection { proxy, peer in
      await strike(proxy, .trickle(.toClient, for: .milliseconds(1_500)))
      let start = ContinuousClock.now
      peer.write("0123456789")
      #expect(await peer.next(bytes: 10) == "0123456789")
      #expect(ContinuousClock.now - start > .milliseconds(900))
    }
  }

  @Test func `calm ends what has a fault, and close ends all`() async throws {
    try await withConnection { proxy, peer in
      await strike(proxy, .delay(.seconds(60), for: .seconds(60)))
      await proxy.calm()
      #expect(await peer.end() == .reset)
    }
    try await withConnection { proxy, peer in
      await proxy.calm()
      peer.write("y")
      #expect(await peer.next(bytes: 1) == "y")
      await proxy.close()
      #expect(await peer.end() == .reset)
    }
  }

  @Test func `without a server a connection is closed`() async throws {
    let proxy = try await FaultProxy.start(port: 0, to: ("127.0.0.1", 1))
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: proxy.port).get()
    try await channel.closeFuture.get()
    await proxy.close()
  }
}

private enum Read: Equatable, Sendable {
  case bytes(String)
  case end
  case reset
}

private struct Peer {
  let channel: any Channel
  var reads: AsyncStream<Read>.AsyncIterator
  var seen = ""

  init(channel: any Channel, reads: AsyncStream<Read>.AsyncIterator) {
    self.channel = channel
    self.reads = reads
  }

  func write(_ text: String) {
    channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
  }

  /// So many bytes more; fewer at the end.
  mutating func next(bytes: Int) async -> String {
    var text = ""
    while text.utf8.count < bytes, case .bytes(let more)? = await reads.next() { text += more }
    seen += text
    return text
  }

  /// How it ended, after whatever else came.
  mutating func end() async -> Read? {
    while let read = await reads.next() {
      guard case .bytes(let more) = read else { return read }
      seen += more
    }
    return nil
  }
}

private final class Echo: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.writeAndFlush(data, promise: nil)
  }
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

private final class Collector: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let continuation: AsyncStream<Read>.Continuation

  init(_ continuation: AsyncStream<Read>.Continuation) {
    self.continuation = continuation
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    continuation.yield(.bytes(String(buffer: unwrapInboundIn(data))))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    continuation.yield(.reset)
    continuation.finish()
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    continuation.yield(.end)
    continuation.finish()
  }
}

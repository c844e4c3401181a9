import HookupCore
import NIOCore
import NIOPosix
import Synchronization

@testable import HookupEngine

/// A TCP connection that says exactly what a test wants.
final class RawClient: Sendable {
  private let channel: any Channel
  private let bytes: Mailbox<ByteBuffer?>
  /// What came behind what a read waited for.
  private let rest = Mutex(ByteBuffer())

  private init(channel: any Channel, bytes: Mailbox<ByteBuffer?>) {
    self.channel = channel
    self.bytes = bytes
  }

  /// - Parameter reads: false to leave everything in the kernel's buffers, as a client that hangs does.
  static func connect(_ address: ServerAddress, reads: Bool = true) async throws -> RawClient {
    let bytes = Mailbox<ByteBuffer?>()
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: reads)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.socketOption(.so_rcvbuf), value: reads ? 1 << 20 : 64 << 10)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(bytes: bytes))
        }
      }
    let future =
      if let path = address.unixSocketPath {
        bootstrap.connect(unixDomainSocketPath: path)
      } else {
        bootstrap.connect(host: address.host, port: address.port)
      }
    let channel = try await future.get()
    return RawClient(channel: channel, bytes: bytes)
  }

  func send(_ text: String) async throws {
    try await send(bytes: Array(text.utf8))
  }

  func send(bytes: [UInt8]) async throws {
    try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
  }

  func startReading() async throws {
    try await channel.setOption(.autoRead, value: true).get()
  }

  /// Everything until the server closes.
  func readToEnd() async throws -> String {
    var all = takeRest()
    while var next = try await bytes.next() { all.writeBuffer(&next) }
    return String(buffer: all)
  }

  /// What has come up to and with `end`, or all of it when the server closes before; what comes behind is the next read's.
  /// A U+FFFD in `end` is any one byte that is not ASCII.
  func read(until end: String) async throws -> String {
    var all = takeRest()
    var searched = 0
    while true {
      if let length = Self.length(of: all, until: Array(end.unicodeScalars), from: searched) {
        let read = all.readSlice(length: length) ?? ByteBuffer()
        rest.withLock { [all] in $0 = all }
        return String(buffer: read)
      }
      // The end may lie across two pieces.
      searched = max(0, all.readableBytes - end.utf8.count)
      guard var next = try await bytes.next() else { return String(buffer: all) }
      all.writeBuffer(&next)
    }
  }

  private func takeRest() -> ByteBuffer {
    rest.withLock { rest in
      defer { rest = ByteBuffer() }
      return rest
    }
  }

  private static func length(
    of buffer: ByteBuffer, until end: [Unicode.Scalar], from start: Int
  ) -> Int? {
    let bytes = buffer.readableBytesView
    for first in bytes.indices.dropFirst(start) {
      var rest = bytes[first...]
      let matches = end.allSatisfy { scalar in
        if scalar == "\u{FFFD}" { return rest.popFirst().map { $0 >= 0x80 } ?? false }
        return UTF8.encode(scalar)!.allSatisfy { rest.popFirst() == $0 }
      }
      if matches { return rest.startIndex - bytes.startIndex }
    }
    return nil
  }

  /// Closes this side's half: the server reads the end.
  func closeOutput() async throws { try await channel.close(mode: .output).get() }

  func close() async { try? await channel.close() }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let bytes: Mailbox<ByteBuffer?>

    init(bytes: Mailbox<ByteBuffer?>) {
      self.bytes = bytes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      bytes.put(unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed = event {
        bytes.put(nil)
        context.close(promise: nil)
      }
    }

    func channelInactive(context: ChannelHandlerContext) { bytes.put(nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}

/// One request on a connection of its own, and the whole answer.
func http(_ request: String, at address: ServerAddress) async throws -> String {
  let client = try await RawClient.connect(address)
  try await client.send(request)
  return try await client.readToEnd()
}

/// GET with `Connection: close`.
func get(
  _ path: String, headers: [String] = [], method: String = "GET", at address: ServerAddress
) async throws -> String {
  let lines = headers.map { $0 + "\r\n" }.joined()
  return try await http(
    "\(method) \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\(lines)\r\n", at: address)
}

/// The head of a valid opening handshake.
func upgradeRequest(_ headers: [String] = []) -> String {
  let lines = headers.map { $0 + "\r\n" }.joined()
  return "GET /chat?x=1 HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(lines)\r\n"
}

import HookupCore
import NIOCore

/// A WebSocket on a NIO channel, as its users hold it.
final class ChannelWebSocketConnection: WebSocketConnection {
  let eventLoop: any EventLoop
  let remoteAddress: SocketAddress?

  init(channel: any Channel) {
    eventLoop = channel.eventLoop
    remoteAddress = channel.remoteAddress
  }

  func send(_ frame: WireFrame, written: (@Sendable (Bool) -> Void)?) {}
  func send(encoded frame: ByteBuffer) {}
  func close(code: UInt16, reason: String) {}
  func abort() {}
  func setReading(_ reading: Bool) {}
}

import HookupCore
import NIOCore

/// Drives one WebSocket on its channel: the last handler of the pipeline, added once the opening handshake is done.
///
/// Add it to an active channel, on its event loop. Bytes that came with the handshake go to it as an ordinary
/// `channelRead`, `channelReadComplete` after it. It closes the channel itself; ``connection`` is what others hold.
package final class WebSocketChannelHandler: ChannelDuplexHandler {
  package typealias InboundIn = ByteBuffer
  package typealias OutboundIn = ByteBuffer
  package typealias OutboundOut = ByteBuffer

  /// The connection to hand to whoever sends. Usable from the start; what is sent before the handler is added waits.
  package let connection: any WebSocketConnection

  /// - Parameters:
  ///   - channel: the channel this handler will be added to.
  ///   - delegate: hears of everything, on the channel's event loop. Held until it has heard `closed`.
  package init(
    channel: any Channel, settings: WebSocketSettings, delegate: any WebSocketDelegate
  ) {
    self.connection = ChannelWebSocketConnection(channel: channel)
  }
}

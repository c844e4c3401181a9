import FoundationEssentials
import NIOConcurrencyHelpers
import NIOCore
import NIOWebSocket

/// The open connections of the baseline, for its broadcast.
final class NIOServeMembers: Sendable {
  private let channels = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])

  func insert(_ channel: any Channel) {
    channels.withLockedValue { $0[ObjectIdentifier(channel)] = channel }
  }

  func remove(_ channel: any Channel) {
    _ = channels.withLockedValue { $0.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  func all(but channel: any Channel) -> [any Channel] {
    channels.withLockedValue { $0.values.filter { $0 !== channel } }
  }
}

/// The baseline's connection, as a program on NIOWebSocket is usually written: a write and a flush for each frame, a
/// general JSON decoder for the envelope. It does not put fragments together.
final class NIOServeHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private struct Envelope: Decodable {
    var type: String
    var id: UInt64?
  }

  private let mode: ServeCommand.Mode
  private let members: NIOServeMembers
  private let decoder = JSONDecoder()

  init(_ mode: ServeCommand.Mode, _ members: NIOServeMembers) {
    self.mode = mode
    self.members = members
  }

  func handlerAdded(context: ChannelHandlerContext) { members.insert(context.channel) }
  func channelInactive(context: ChannelHandlerContext) { members.remove(context.channel) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .text, .binary: received(frame, context: context)
    case .ping: send(.pong, frame.unmaskedData, context: context)
    case .connectionClose:
      send(.connectionClose, frame.unmaskedData, context: context)
      context.close(promise: nil)
    default: break
    }
  }

  private func received(_ frame: WebSocketFrame, context: ChannelHandlerContext) {
    let data = frame.unmaskedData
    switch mode {
    case .echo: send(frame.opcode, data, context: context)
    case .broadcast:
      let copy = WebSocketFrame(fin: true, opcode: frame.opcode, data: data)
      for channel in members.all(but: context.channel) {
        channel.writeAndFlush(copy, promise: nil)
      }
    case .acked:
      guard
        let envelope = try? decoder.decode(Envelope.self, from: Data(data.readableBytesView)),
        envelope.type == "ack_request", let id = envelope.id
      else { return }
      let ack = context.channel.allocator.buffer(string: #"{"type":"ack","id":\#(id)}"#)
      send(.text, ack, context: context)
    case .legacy: break
    }
  }

  private func send(
    _ opcode: WebSocketOpcode, _ data: ByteBuffer, context: ChannelHandlerContext
  ) {
    context.writeAndFlush(
      wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

import HookupCore
import HookupEngine
import NIOCore

/// A test peer for clients of the original Hookup, in `jsonProtocol` and `simpleJson`: acks, sends what was said back in
/// an envelope, and obeys ``LegacyCommand``.
enum LegacyPeer {
  /// Asks of one connection that wait for their ack; beyond it, commands are not obeyed any more.
  private static let maximumAsks = 256

  static func prepare(_ configuration: inout ServerConfiguration) {
    // Ruby's client offers no name and speaks jsonProtocol all the same.
    if let formats = try? SubprotocolRegistry(
      [LegacyFormat(), SimpleJSONFormat()], default: Subprotocol.jsonProtocol)
    {
      configuration.subprotocols = formats
    }
    configuration.acknowledgements = .byHandler
  }

  static let serve: @Sendable (ServerConnection) async throws -> Void = { connection in
    try await withThrowingDiscardingTaskGroup { tasks in
      var asks = Asks()
      for await event in connection.events {
        switch event {
        case .text(let text):
          try await answer(.text(text), on: connection, &asks, &tasks)
        case .json(let json):
          if let id = ackID(json) {
            if asks.acked(id) { try await connection.send(.binary(report("acked", id))) }
          } else {
            try await answer(.json(json), on: connection, &asks, &tasks)
          }
        case .binary(let bytes): try await connection.send(.binary(bytes))
        case .request(let content, let acknowledgement):
          // The original acks first, then delivers.
          if !isNoAck(content) { acknowledgement.confirm() }
          try await answer(content, on: connection, &asks, &tasks)
        default: break
        }
      }
      asks.removeAll()
      tasks.cancelAll()
    }
  }

  private static func isNoAck(_ content: Message.Content) -> Bool {
    if case .text(let text) = content { LegacyCommand(text) == .noAck } else { false }
  }

  private static func answer(
    _ content: Message.Content, on connection: ServerConnection, _ asks: inout Asks,
    _ tasks: inout ThrowingDiscardingTaskGroup<any Error>
  ) async throws {
    guard case .text(let text) = content, connection.subprotocol == Subprotocol.jsonProtocol,
      case .ask(let form, let milliseconds) = LegacyCommand(text),
      let ask = asks.open(limit: maximumAsks)
    else {
      try await connection.send(Message(content))
      return
    }
    try await connection.send(.binary(ByteBuffer(string: form.request(id: ask.id))))
    tasks.addTask {
      try? await Task.sleep(for: .milliseconds(milliseconds))
      // Fails when the connection is gone: then nobody wants to know.
      if ask.decide() { _ = try? await connection.send(.binary(report("ack_failed", ask.id))) }
    }
  }

  private static func report(_ what: StaticString, _ id: UInt64) -> ByteBuffer {
    ByteBuffer(string: #"{"\#(what)":\#(id)}"#)
  }

  /// The id of an `ack` frame.
  private static func ackID(_ json: JSONText) -> UInt64? {
    let bytes = json.bytes
    guard let envelope = try? Envelope(bytes.readableBytesUInt8Span), envelope.type == .ack else {
      return nil
    }
    return envelope.id
  }
}

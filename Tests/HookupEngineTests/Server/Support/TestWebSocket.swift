import HookupCore
import NIOCore
import NIOPosix

@testable import HookupEngine

/// A WebSocket client for tests: what it hears comes out in order.
final class TestWebSocket: WebSocketDelegate {
  enum Heard: Hashable, Sendable {
    case text(String)
    case binary([UInt8])
    case closed(UInt16, String)
  }

  let heard = Mailbox<Heard>()

  static func connect(
    _ address: ServerAddress, subprotocols: [String] = [], path: String = "",
    tls: TLSOptions = TLSOptions(),
    headers: WebSocketHandshake.Headers = []
  ) async throws -> (
    client: TestWebSocket, connection: any WebSocketConnection, subprotocol: String?
  ) {
    let client = TestWebSocket()
    let connected = try await WebSocketConnector(tls: tls).connect(
      to: WebSocketURL(address.url + path), headers: headers, subprotocols: subprotocols,
      settings: WebSocketSettings(role: .client, maximumMessageBytes: 16 << 20),
      on: MultiThreadedEventLoopGroup.singleton.next(), delegate: client
    ).get()
    return (client, connected.connection, connected.subprotocol)
  }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    for frame in frames {
      switch frame {
      case .text(let buffer): heard.put(.text(String(buffer: buffer)))
      case .binary(let buffer): heard.put(.binary(Array(buffer: buffer)))
      }
    }
  }

  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {
    heard.put(.closed(reason.code, reason.reason))
  }

  func webSocket(_ connection: any WebSocketConnection, becameWritable isWritable: Bool) {}
  func webSocket(_ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration) {}
  func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool) {}
}

extension WebSocketConnection {
  func send(text: String) { send(.text(ByteBuffer(string: text)), written: nil) }
}

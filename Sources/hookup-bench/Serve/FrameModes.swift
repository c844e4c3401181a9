import HookupCore
import HookupEngine
import Synchronization

/// Sends each message back as it came.
struct EchoFrames: FrameHandler {
  func received(_ frames: [WireFrame], from connection: ServerConnection) {
    for frame in frames { connection.reply(frame) }
  }
}

/// Acks each `ack_request`, and says nothing else.
struct AckFrames: FrameHandler {
  func received(_ frames: [WireFrame], from connection: ServerConnection) {
    let format = connection.format
    for frame in frames {
      guard case .ackRequest(let id, _) = format.decode(frame),
        let ack = try? format.encode(.ack(id: id))
      else { continue }
      connection.reply(ack)
    }
  }
}

/// Sends each message to all other connections.
final class BroadcastFrames: FrameHandler {
  private let connections = Mutex<[ServerConnection]>([])

  func opened(_ connection: ServerConnection) {
    connections.withLock { $0.append(connection) }
  }

  func closed(_ connection: ServerConnection, _ reason: DisconnectReason) {
    connections.withLock { connections in
      guard let index = connections.firstIndex(of: connection) else { return }
      connections.swapAt(index, connections.count - 1)
      connections.removeLast()
    }
  }

  func received(_ frames: [WireFrame], from connection: ServerConnection) {
    let all = connections.withLock { $0 }
    for frame in frames { HookupServer.broadcast(frame, to: all, except: connection) }
  }
}

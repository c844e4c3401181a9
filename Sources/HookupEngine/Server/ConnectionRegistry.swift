import HookupCore
import Synchronization

/// The open WebSockets of a server.
final class ConnectionRegistry: Sendable {
  private struct State {
    var connections: [ServerConnection.ID: ServerConnection] = [:]
    var lastID: UInt64 = 0
    var isClosed = false
  }

  private let state = Mutex(State())

  func nextID() -> ServerConnection.ID {
    state.withLock { state in
      state.lastID += 1
      return ServerConnection.ID(number: state.lastID)
    }
  }

  /// - Returns: false when the server is stopping; the connection was then not added.
  func insert(_ connection: ServerConnection) -> Bool {
    state.withLock { state in
      guard !state.isClosed else { return false }
      state.connections[connection.id] = connection
      return true
    }
  }

  func remove(_ connection: ServerConnection) {
    _ = state.withLock { $0.connections.removeValue(forKey: connection.id) }
  }

  /// In no particular order.
  var all: [ServerConnection] { state.withLock { Array($0.connections.values) } }
  var count: Int { state.withLock { $0.connections.count } }

  /// Takes no more.
  /// - Returns: those that are there.
  func close() -> [ServerConnection] {
    state.withLock { state in
      state.isClosed = true
      return Array(state.connections.values)
    }
  }
}

import HookupCore
import NIOCore

/// One connection of a chat server, as the hub writes to it.
///
/// What does not fit into the connection's buffer waits in ``overflow``; the machine stops sending when that happens, so
/// that it holds no more than what was on its way: one page and the answers to the commands that were let in.
final class ChatClientLink: @unchecked Sendable {
  // All that changes is touched on the hub's event loop only; the rest is Sendable.

  enum Outgoing: Sendable {
    /// Bytes that are a WebSocket frame.
    case frame(ByteBuffer)
    case acknowledgement(Acknowledgement, SessionDeliveries.Verdict)
  }

  let key: ChatConnectionKey
  let connection: ServerConnection
  /// Where it is from, as bans and rates count it; nil for a Unix-domain socket.
  let address: String?
  let gate: CommandGate
  var acknowledgements: [CommandTicket: Acknowledgement] = [:]
  /// Commands whose session's cursor goes into the store with an entry.
  private var carried: Set<CommandTicket> = []
  /// The refusal that was sent last, until the command that it is of is settled.
  var refusal: ChatRefusal?
  var overflow: [Outgoing] = []
  /// Whether the overflow is being handed on by ``ChatHub/pumpOverflows()``; everything else then queues behind it.
  var isPumping = false

  init(key: ChatConnectionKey, connection: ServerConnection, outstandingCommands: Int) {
    self.key = key
    self.connection = connection
    address = IPAddress(connection.request.remoteHost)?.network
    gate = CommandGate(limit: outstandingCommands)
  }

  /// The cursor that is to be stored with the entry of this command; nil when it came without a session.
  func carryCursor(of command: CommandTicket) -> SessionCursor? {
    guard let cursor = acknowledgements[command]?.delivery?.cursor else { return nil }
    carried.insert(command)
    return cursor
  }

  /// Whether the command's cursor went into the store with an entry. Asked once.
  func hasCarried(_ command: CommandTicket) -> Bool { carried.remove(command) != nil }

  enum Taken {
    case taken
    /// The connection's event loop is to be told; see ``ServerConnection/drain()``.
    case needsDrain
    case full
  }

  /// Hands something to the connection, without waiting. Into one that is closed everything fits.
  func hand(_ outgoing: Outgoing) -> Taken {
    switch outgoing {
    case .acknowledgement(let acknowledgement, let verdict):
      acknowledgement.settle(verdict)
      return .taken
    case .frame(let frame):
      switch connection.send(encoded: frame) {
      case .taken, .closed: return .taken
      case .takenNeedsDrain: return .needsDrain
      case .full: return .full
      }
    }
  }
}

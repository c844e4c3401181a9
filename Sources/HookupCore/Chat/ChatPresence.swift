/// One connection of a chat server, as an operator sees it.
public struct ChatPresence: Hashable, Sendable {
  /// The connection's number; rises with each one.
  public var number: UInt64
  /// Nil before a hello was taken.
  public var nick: Nick?
  public var isAccount: Bool
  /// The id of the device that is logged in here.
  public var device: String?
  /// As bans and rates count it, IPv6 by its first 64 bits; nil for a Unix-domain socket.
  public var address: String?
  /// Rooms that it reads.
  public var rooms: Int
  /// Whether it takes what is sent to it.
  public var isWritable: Bool
}

extension ChatHubMachine {
  /// Connections after `number` in the order of their numbers, at most `limit`. Looks at all of them: for an operator.
  package func presences(after number: UInt64, limit: Int) -> [ChatPresence] {
    connections.keys.filter { $0.number > number }.sorted { $0.number < $1.number }
      .prefix(max(0, limit)).compactMap { key in connections[key].map { presence(key, $0) } }
  }

  private func presence(_ key: ChatConnectionKey, _ connection: Connection) -> ChatPresence {
    ChatPresence(
      number: key.number, nick: connection.nick,
      isAccount: connection.nick.flatMap { people[$0.folded]?.isAccount } ?? false,
      device: connection.device, address: connection.address, rooms: connection.readers.count,
      isWritable: connection.isWritable)
  }
}

/// One connection of a chat server, as its machine and its driver call it; never used again.
package struct ChatConnectionKey: Hashable, Sendable {
  package var number: UInt64
  package init(_ number: UInt64) { self.number = number }
}

/// One command of one connection, until it is settled.
package struct CommandTicket: Hashable, Sendable {
  package var number: UInt64
  package init(_ number: UInt64) { self.number = number }
}

/// One change on its way into the store.
package struct AppendTicket: Hashable, Sendable {
  package var number: UInt64
  package init(_ number: UInt64) { self.number = number }
}

/// One read of the store, or one question about an account.
package struct ReadTicket: Hashable, Sendable {
  package var number: UInt64
  package init(_ number: UInt64) { self.number = number }
}

/// What happened to a chat server: see ``ChatHubMachine``.
package enum ChatHubEvent: Hashable, Sendable {
  /// A connection is open. `fallback`: the client id it has when its hello names none; drawn at random. `address`: where it is
  /// from, IPv6 by its first 64 bits; nil for a local socket.
  case connected(ChatConnectionKey, fallback: ClientID, address: String? = nil)
  /// A message came in: a command, or why it is none.
  case received(ChatConnectionKey, CommandTicket, Result<ChatCommand, ChatRefusal>)
  /// The connection takes no more for now (false), or takes more again and all that was sent is on its way (true).
  case writable(ChatConnectionKey, Bool)
  /// The connection is over. Nothing about it comes after this.
  case disconnected(ChatConnectionKey)
  /// Changes were committed together at `milliseconds` since 1970, in the order of their tickets.
  case appended([AppendedEntry], milliseconds: Int64)
  /// Changes were not committed. All that were handed to the store and not yet committed fail together: were a later one
  /// stored, its sender's order would break when the earlier one is sent again.
  case appendFailed([AppendTicket])
  case read(ReadTicket, StoreAnswer)
  case identified(ReadTicket, AccountAnswer)
  /// The store began to fail, for this reason, and its driver tries again; nil: it works again.
  case storeFailing(String?)
  /// An operator says something to everybody.
  case announced(String)
  /// An operator throws somebody out: all their connections are closed with this sentence.
  case expelled(Nick, reason: String)
  /// These addresses are banned from now on, and no others. Who is connected from one is thrown out.
  case banned(ServerBans)
  /// Old entries went.
  case trimmed([RoomTrim])
  /// Other bounds hold from now on. Who is connected was told the old ones.
  case configured(ChatHubSettings)
  /// ``ChatHubMachine/nextDeadline`` has passed.
  case timer
}

/// What the store said of one change.
package struct AppendedEntry: Hashable, Sendable {
  package var ticket: AppendTicket
  package var outcome: RoomAppended

  package init(_ ticket: AppendTicket, _ outcome: RoomAppended) {
    self.ticket = ticket
    self.outcome = outcome
  }
}

/// What a read brought.
package enum StoreAnswer: Hashable, Sendable {
  case head(RoomHead)
  case page(RoomPage)
  case rooms(RoomListPage)
  case person(PersonRecord)
  case found(SearchPage)
  /// The question could not be answered, and why.
  case refused(RoomRefusal)
  case failed
}

/// What the driver of a chat server is to do, in this order.
package enum ChatHubAction: Hashable, Sendable {
  /// Send `event` to these connections. Taken even when a connection is not writable; the machine sees to it that little is.
  case send(ChatEvent, to: [ChatConnectionKey])
  /// A command is done with: let the connection's next one in, and confirm it to its sender if `acknowledge` and the
  /// sender asked for it. Behind everything sent so far.
  case settle(ChatConnectionKey, CommandTicket, acknowledge: Bool)
  /// Add an entry to the store, after those before it; answered by `appended` or `appendFailed`.
  case append(AppendTicket, RoomAppend)
  /// The same with how far somebody has read.
  case mark(AppendTicket, ReadMark)
  /// Read the store; answered by `read`. The answer must hold all that was reported as appended before.
  case read(ReadTicket, StoreRead)
  /// Ask the accounts; answered by `identified`.
  case identify(ReadTicket, AccountQuestion)
  /// A device was here until now.
  case touch(device: String, of: Nick)
  /// Close the connection. It is forgotten: `disconnected` is not needed, and harmless.
  case close(ChatConnectionKey, code: UInt16, reason: String)
}

/// A question to the store.
package enum StoreRead: Hashable, Sendable {
  case head(RoomKey)
  case page(RoomPageRequest)
  case rooms(after: RoomName?, limit: Int, RoomReader)
  case person(Nick, limit: Int)
  /// The driver fills in the time.
  case search(SearchRequest)
}

/// A question about accounts. `address`: where it comes from.
package enum AccountQuestion: Hashable, Sendable {
  /// May this client go by this nick? Answered by `guest` or `account`.
  case hello(ChatHello, address: String?)
  case register(Nick, password: String, device: String, address: String?)
  case password(Nick, device: String, old: String, new: String, address: String?)
  case devices(Nick, device: String)
  /// `device` goes; `own` is the one that asks.
  case revoke(Nick, device: String, own: String)
  case whois(Nick)
  /// Answered by `renamed`.
  case rename(Nick, DisplayName)
}

package enum AccountAnswer: Hashable, Sendable {
  /// The nick is nobody's account.
  case guest
  /// It is logged in, registered or changed. With a token when the device is new.
  case account(ChatAccount)
  case devices([ChatDevice])
  /// Done; this device is logged out.
  case revoked(device: String)
  /// Whether it is an account, as it was registered, and when it was last here.
  case person(Nick, isAccount: Bool, seen: Int64?, displayName: String = "")
  /// It is called so from now on.
  case renamed(DisplayName)
  case refused(ChatRefusal)
  case failed
}

/// What a chat server can be told about its bounds.
package struct ChatHubSettings: Hashable, Sendable {
  package var limits = ChatLimits()
  /// Whether there are accounts to ask about.
  package var hasAccounts = false
  /// Whether one may be here without an account.
  package var allowsGuests = true
  /// Rooms that anybody reads, in all. Default 10,000; one more is refused with `server_full`.
  package var maximumOpenRooms = 10_000
  /// Readers of one room. Default 10,000; one more is refused with `room_full`.
  package var readersPerRoom = 10_000
  /// Readers up to which a room tells who arrives and leaves. Default 500: in larger rooms a restart would cost the square
  /// of their number in messages.
  package var presenceMembers = 500
  /// Entries and bytes of text of one page on the way to a reader that is behind. Defaults 100 and 128 KiB.
  package var pageEntries = 100
  package var pageBytes = 128 << 10
  /// Entries and bytes of text on the way into the store, over all connections; beyond, commands wait. Defaults 8,192 and
  /// 16 MiB.
  package var appendingEntries = 8_192
  package var appendingBytes = 16 << 20
  /// How long a connection may take to say hello. Default 60 s; then it is closed with 1008.
  package var helloTimeout = Duration.seconds(60)
  /// Live connections of one client id, or of one account. Default 8; one more closes the oldest with 4009.
  package var connectionsPerClient = 8
  /// Commands of one person, and of all persons at one address; what is beyond waits its turn. Without a limit by default.
  package var personRate = TokenBucket.Rate(perSecond: 0, burst: 1)
  package var addressRate = TokenBucket.Rate(perSecond: 0, burst: 1)
  /// Searches of one person; one more is refused with `too_fast`. Default 1 a second, 5 at once.
  package var searchRate = TokenBucket.Rate(perSecond: 1, burst: 5)
  /// Messages of a connection, one after the other, that are no commands; one more closes it with 1008. Default 16.
  package var badCommands = 16

  package init() {}
}

import HookupCore

/// Where a chat server keeps its rooms: durable, numbered logs.
///
/// ``MemoryChatStore`` keeps them as long as the process lives, `SQLiteChatStore` (module HookupSQLite) in a file. Every
/// store passes the same contract test. All methods may be called from any task; the server never has two calls of
/// ``append(_:milliseconds:)`` under way.
///
/// It also keeps how far each client's session is committed, in one transaction with the entries: so a message that comes a
/// second time, after whatever crash, has no second effect.
public protocol ChatStore: SessionStore, AccountStore {
  /// The store's own id: made with the store, never changed. Another id tells clients that their offsets are void.
  var id: String { get }

  /// Makes changes in their order, all of them or none, and returns when they are durable.
  ///
  /// An entry's offset is its log's last one + 1. An entry whose (client, id) is already stored, be it by an earlier one of
  /// the same call, is not stored again. `milliseconds` since 1970 is the time of all of them.
  ///
  /// An entry is stored when ``RoomState/refusal(of:knowing:at:)`` has nothing against it: the state is that of the log up to here,
  /// and takes the entry in (``RoomState/take(_:at:)``). An edit, a deletion or a reaction changes what is read of the entry that it
  /// names (``RoomEntry/since``, ``RoomEntry/text``). Of ``RoomAppend/mentions`` those are kept that are present or accounts.
  ///
  /// An entry whose cursor's number is committed already, be it by an earlier change of the same call, is not stored: the outcome
  /// is ``RoomAppended/duplicate(key:offset:milliseconds:)`` when its (client, id) is stored, else ``RoomAppended/passed``. Any
  /// other entry's cursor is committed with it, with the outcome's ``RoomAppended/refusal(of:)`` if it has one. Cursors only
  /// rise.
  /// - Returns: one outcome for each change, in order.
  /// - Throws: ``HookupError/Code/storage``; then nothing is changed.
  func append(
    _ changes: [RoomChange], milliseconds: Int64
  ) async throws(HookupError) -> [RoomAppended]

  /// The state of a log; that of an empty one when there is none.
  func head(of key: RoomKey) async throws(HookupError) -> RoomHead

  /// Reads a stretch of a log: all that was committed before the call is seen. Texts are as they stand now; that of an entry that was
  /// deleted, and those of its edits, are empty.
  func page(_ request: RoomPageRequest) async throws(HookupError) -> RoomPage

  /// The rooms after `name` by the order of their names, at most `limit`: all but the hidden ones of which `reader` is no member.
  func rooms(
    after name: RoomName?, limit: Int, for reader: RoomReader
  ) async throws(HookupError) -> RoomListPage

  /// What is known of `nick`: at most `limit` of each kind, but of marks at most `marks`.
  func person(_ nick: Nick, limit: Int, marks: Int) async throws(HookupError) -> PersonRecord

  /// Searches what was said and stands. Rank: the store's own, newer ones first among equals.
  /// - Throws: ``HookupError/Code/invalidArgument`` when there is nothing to search for in the words, and when it takes longer than
  ///   ``ChatStoreLimits/searchTime``.
  func search(_ request: SearchRequest) async throws(HookupError) -> SearchPage

  /// Removes old entries, at most about `maximumEntries` of them, so that nothing else waits for long; called again until nothing
  /// comes back. State, topic and offsets stay; reactions and edits go with what they are of.
  /// - Parameter milliseconds: now.
  func trim(
    _ retention: RoomRetention, milliseconds: Int64, maximumEntries: Int
  ) async throws(HookupError) -> [RoomTrim]

  /// The addresses that nobody may come from.
  func bans() async throws(HookupError) -> ServerBans

  /// Makes a change of them durable.
  /// - Throws: ``HookupError/Code/refused`` as ``ServerBans/apply(_:at:)`` does.
  /// - Returns: all of them as they are now.
  func change(
    bans change: ServerBans.Change, milliseconds: Int64
  ) async throws(HookupError) -> ServerBans

  /// Makes a change durable that changes nothing, to see whether anything can be stored. Cheap.
  func probe() async throws(HookupError)

  /// Lets go of files and locks. Idempotent; afterwards every call throws ``HookupError/Code/closed``.
  func close() async throws(HookupError)
}

extension ChatStore {
  /// Adds entries: ``append(_:milliseconds:)-(_,Int64)`` without cursors of their own.
  public func append(
    _ entries: [RoomAppend], milliseconds: Int64
  ) async throws(HookupError) -> [RoomAppended] {
    try await append(entries.map(RoomChange.append), milliseconds: milliseconds)
  }

  /// Commits cursors without entries.
  public func commit(_ cursors: [SessionCursor]) async throws(HookupError) {
    _ = try await append(cursors.map(RoomChange.cursor), milliseconds: 0)
  }
}

/// The bounds of a store.
public struct ChatStoreLimits: Hashable, Sendable {
  /// Public rooms in all. Default 10,000. Beyond it the first message into a new room is refused with `server_full`.
  public var maximumRooms = 10_000
  /// Direct conversations in all. Default 100,000. Beyond it a new conversation is refused with `server_full`.
  public var maximumDirectRooms = 100_000
  /// Clients whose sessions are remembered. Default 1,000,000, of which each takes about 100 bytes. Beyond it those that sent
  /// nothing for the longest time are forgotten: should one of them come back with messages that it does not know to be
  /// stored, it sends them again, and only their ids tell.
  public var maximumSessions = 1_000_000
  /// Rooms that are not open, of which one person is a member. Default 500. One more invitation is refused.
  public var roomsPerPerson = 500
  /// Accounts in all. Default 100,000. One more registration is refused.
  public var maximumAccounts = 100_000
  /// Devices that one account is logged in on. Default 32; one more logs out the one unseen for the longest time.
  public var devicesPerAccount = 32
  /// How long a change waits for another process that holds the file. Default 5 s; then it counts as one that cannot be stored for now.
  public var lockTime = Duration.seconds(5)
  /// How long one search may take. Default 2 s; then it is refused with `bad_query`. Others go on meanwhile.
  public var searchTime = Duration.seconds(2)
  /// Rooms of which one person's read mark is kept. Default 1,000; the one that was set longest ago goes.
  public var marksPerPerson = 1_000

  public init() {}

  /// How many rooms there may be of this one's kind.
  package func rooms(like key: RoomKey) -> Int {
    key.people == nil ? maximumRooms : maximumDirectRooms
  }
}

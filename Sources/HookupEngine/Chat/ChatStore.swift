import HookupCore

/// Where a chat server keeps its rooms: durable, numbered logs.
///
/// ``MemoryChatStore`` keeps them as long as the process lives, `SQLiteChatStore` (module HookupSQLite) in a file. Every
/// store passes the same contract test. All methods may be called from any task; the server never has two calls of
/// ``append(_:milliseconds:)`` under way.
///
/// It also keeps how far each client's session is committed, in one transaction with the entries: so a message that comes a
/// second time, after whatever crash, has no second effect.
public protocol ChatStore: SessionStore {
  /// The store's own id: made with the store, never changed. Another id tells clients that their offsets are void.
  var id: String { get }

  /// Makes changes in their order, all of them or none, and returns when they are durable.
  ///
  /// An entry's offset is its log's last one + 1. An entry whose (client, id) is already stored, be it by an earlier one of
  /// the same call, is not stored again. `milliseconds` since 1970 is the time of all of them.
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

  /// Reads a stretch of a log: all that was committed before the call is seen.
  func page(_ request: RoomPageRequest) async throws(HookupError) -> RoomPage

  /// The public rooms after `name` by the order of their names, at most `limit`.
  func rooms(after name: RoomName?, limit: Int) async throws(HookupError) -> RoomListPage

  /// The direct conversations of `nick`, named as `nick` names them, the one written to last first, at most `limit`.
  func directRooms(of nick: Nick, limit: Int) async throws(HookupError) -> [RoomSummary]

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

  public init() {}
}

import Foundation
import GRDB
import HookupEngine

/// How the kinds of entries are numbered in the file. A number is never given twice.
enum EntryKind {
  private static let kinds: [RoomEntry.Kind] = [
    .said, .topic, .me, .edited, .deleted, .reacted, .unreacted, .created, .settings, .invited,
    .departed, .kicked, .banned, .unbanned, .muted, .unmuted, .rank,
  ]
  private static let numbers = Dictionary(
    uniqueKeysWithValues: kinds.enumerated().map { ($0.element, $0.offset) })

  /// - Throws: for a kind that this version does not know.
  static func number(_ kind: RoomEntry.Kind) throws -> Int {
    guard let number = numbers[kind] else {
      throw HookupError(.invalidArgument, "an entry of a kind that this store does not know")
    }
    return number
  }

  static func kind(_ number: Int64) throws -> RoomEntry.Kind {
    guard kinds.indices.contains(Int(clamping: number)) else {
      throw StoredFault.impossible("an entry is of an impossible kind")
    }
    return kinds[Int(number)]
  }
}

/// Text from the network in a column. SQLite's text functions end a string at a NUL, so text that holds one is kept as
/// bytes.
enum StoredText {
  static func value(_ text: String) -> DatabaseValue {
    text.utf8.contains(0) ? Data(text.utf8).databaseValue : text.databaseValue
  }

  static func text(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .blob(let bytes): String(decoding: bytes, as: UTF8.self)
    case .string(let text): text
    default: ""
    }
  }
}

enum StoredFault {
  static func impossible(_ message: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: message)
  }
}

extension Row {
  // A damaged file may hold anything anywhere: a value of another type is a fault, not the end of the process.

  func whole(_ index: Int) throws -> Int64 {
    guard let number = Int64.fromDatabaseValue(self[index]) else {
      throw StoredFault.impossible("a number is none")
    }
    return number
  }

  func optionalWhole(_ index: Int) throws -> Int64? {
    let value: DatabaseValue = self[index]
    return value.isNull ? nil : try whole(index)
  }

  func offset(_ index: Int) throws -> UInt64 { UInt64(clamping: try whole(index)) }

  func optionalOffset(_ index: Int) throws -> UInt64? {
    try optionalWhole(index).map { UInt64(clamping: $0) }
  }

  func text(_ index: Int) -> String { StoredText.text(self[index]) }

  func optionalText(_ index: Int) -> String? {
    let value: DatabaseValue = self[index]
    return value.isNull ? nil : StoredText.text(value)
  }

  func nick(_ index: Int) throws -> Nick {
    guard let nick = try? Nick(text(index)) else {
      throw StoredFault.impossible("a nick is none")
    }
    return nick
  }
}

/// The entries of one log, as rows hold them.
enum EntryRow {
  static let columns =
    "offset, kind, message, sender, at, text, ref, detail, current, edited, deleted"

  /// The entry as it stands now, but for its reactions.
  static func entry(_ row: Row, named name: RoomName) throws -> RoomEntry {
    guard let id = try? MessageID(row.text(2)) else {
      throw StoredFault.impossible("an entry has an impossible id")
    }
    let kind = try EntryKind.kind(row.whole(1))
    let deleted = try row.optionalOffset(10)
    let text = deleted != nil ? "" : row.optionalText(8) ?? row.text(5)
    var act = RoomAct(kind, text: text, ref: try row.optionalOffset(6))
    var mentions: [Nick] = []
    if let detail = row.optionalText(7) {
      guard
        let read = (try? JSONText(detail)).flatMap({ try? StoredDetail(kind, $0) })
      else { throw StoredFault.impossible("an entry has impossible details") }
      act = read.act
      act.text = text
      act.ref = try row.optionalOffset(6)
      mentions = deleted == nil ? read.mentions : []
    }
    return RoomEntry(
      room: name, offset: try row.offset(0), act: act, id: id, from: try row.nick(3),
      milliseconds: try row.whole(4), mentions: mentions,
      since: RoomEntryChange(
        nonEmpty: try row.optionalOffset(9), deleted: kind.isSpeech ? deleted : nil, reactions: []))
  }

  /// Adds the reactions to entries of one log, which are in rising order: one query for all of them.
  static func addReactions(
    to entries: inout [RoomEntry], room: Int64, _ database: Database
  ) throws {
    guard let first = entries.first?.offset, let last = entries.last?.offset else { return }
    let statement = try database.cachedStatement(
      sql: """
        SELECT offset, text, nick FROM reaction WHERE room = ? AND offset BETWEEN ? AND ?
        ORDER BY offset, turn
        """)
    let rows = try Row.fetchCursor(
      statement, arguments: [room, Int64(clamping: first), Int64(clamping: last)])
    var index = 0
    while let row = try rows.next() {
      let offset = try row.offset(0)
      while index < entries.count, entries[index].offset < offset { index += 1 }
      guard index < entries.count, entries[index].offset == offset,
        entries[index].since?.deleted == nil
      else { continue }
      var since = entries[index].since ?? RoomEntryChange()
      since.add(row.text(1), by: try row.nick(2))
      entries[index].since = since
    }
  }
}

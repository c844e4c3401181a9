/// One entry of a room's log.
public struct RoomEntry: Hashable, Sendable {
  public typealias Kind = RoomAct.Kind

  public var room: RoomName
  public var offset: UInt64
  public var id: MessageID
  public var from: Nick
  /// Milliseconds since 1970-01-01T00:00:00Z, by the server's clock.
  public var milliseconds: Int64
  public var act: RoomAct
  /// Who is named in it with an `@`, as the server resolved it; at most ``Mentions/maximum``.
  public var mentions: [Nick]
  /// What became of it since: nil for an entry that is as it was.
  public var since: RoomEntryChange?

  public var kind: Kind { act.kind }
  /// As it stands now: of an entry that was edited, the newest text; of one that was deleted, nothing.
  public var text: String { act.text }

  public init(
    room: RoomName, offset: UInt64, act: RoomAct, id: MessageID, from: Nick, milliseconds: Int64,
    mentions: [Nick] = [], since: RoomEntryChange? = nil
  ) {
    self.room = room
    self.offset = offset
    self.act = act
    self.id = id
    self.from = from
    self.milliseconds = milliseconds
    self.mentions = mentions
    self.since = since
  }

  public init(
    room: RoomName, offset: UInt64, kind: Kind = .said, id: MessageID, from: Nick,
    milliseconds: Int64, text: String
  ) {
    self.init(
      room: room, offset: offset, act: RoomAct(kind, text: text), id: id, from: from,
      milliseconds: milliseconds)
  }
}

/// What became of an entry after it was said.
public struct RoomEntryChange: Hashable, Sendable {
  /// The offset of the newest edit.
  public var edited: UInt64?
  /// The offset of the entry that deleted it.
  public var deleted: UInt64?
  /// In the order in which the first of each came; at most ``maximumReactions``.
  public var reactions: [Reaction]

  /// Different reactions to one entry; one more is refused.
  public static let maximumReactions = 20

  public struct Reaction: Hashable, Sendable {
    public var text: String
    /// The first of those who put it, at most ``maximumNicks``.
    public var nicks: [Nick]
    /// How many put it.
    public var count: Int

    public static let maximumNicks = 20

    public init(text: String, nicks: [Nick], count: Int) {
      self.text = text
      self.nicks = nicks
      self.count = count
    }
  }

  public init(edited: UInt64? = nil, deleted: UInt64? = nil, reactions: [Reaction] = []) {
    self.edited = edited
    self.deleted = deleted
    self.reactions = reactions
  }

  /// Nil when nothing became of the entry.
  public init?(nonEmpty edited: UInt64?, deleted: UInt64?, reactions: [Reaction]) {
    guard edited != nil || deleted != nil || !reactions.isEmpty else { return nil }
    self.init(edited: edited, deleted: deleted, reactions: reactions)
  }
}

/// What a store knows beside the room's state when it is asked to append.
public struct RoomFacts: Hashable, Sendable {
  /// Whether the log has no entry yet.
  public var isNew: Bool
  /// The entry that ``RoomAct/ref`` names; nil when there is none.
  public var target: Target?
  /// Whether ``RoomAct/nick`` is an account.
  public var nickIsAccount = false
  /// How many rooms a person may be a member of, when the one who would become one, ``RoomAct/nick`` or who makes the room, is of as many.
  public var fullAt: Int?
  /// When ``RoomAppend/from`` last said something here, milliseconds since 1970; looked for only when ``RoomState/slowSeconds`` is
  /// not 0, and only as far back as that.
  public var lastSaid: Int64?

  public struct Target: Hashable, Sendable {
    public var kind: RoomAct.Kind
    public var from: Nick
    public var client: ClientID
    public var isAccount: Bool
    public var isDeleted: Bool
    /// Different reactions that it has; whether this one is among them; and whether this person put it.
    public var reactions = 0
    public var hasReaction = false
    public var hasReacted = false

    public init(
      kind: RoomAct.Kind, from: Nick, client: ClientID, isAccount: Bool, isDeleted: Bool
    ) {
      self.kind = kind
      self.from = from
      self.client = client
      self.isAccount = isAccount
      self.isDeleted = isDeleted
    }
  }

  public init(isNew: Bool, target: Target? = nil) {
    self.isNew = isNew
    self.target = target
  }
}

/// Somebody who reads.
public struct RoomReader: Hashable, Sendable {
  public var nick: Nick
  public var isAccount: Bool
  public var isOperator: Bool
  /// Where from, as ``RoomState/Sanction/address`` has it; nil for a local socket.
  public var address: String?

  public init(
    nick: Nick, isAccount: Bool = false, isOperator: Bool = false, address: String? = nil
  ) {
    self.nick = nick
    self.isAccount = isAccount
    self.isOperator = isOperator
    self.address = address
  }
}

// MARK: - The rules

extension RoomState {
  /// Why `reader` may not read the room; nil when it may.
  public func refusal(toShow room: RoomName, to reader: RoomReader, at milliseconds: Int64)
    -> RoomRefusal?
  {
    if reader.isOperator { return nil }
    let person = reader.nick.folded
    let ban = bans.first {
      $0.holds(at: milliseconds)
        && ($0.nick.folded == person || $0.address != nil && $0.address == reader.address)
    }
    // Who has a rank here is not kept out by an address that others share.
    if let ban, ban.nick.folded == person || rank(of: person) == nil {
      return RoomRefusal(.banned, "you are banned from \(room)\(Self.end(ban.until))")
    }
    guard access != .open, !(reader.isAccount && members[person] != nil) else { return nil }
    return RoomRefusal(
      .notMember,
      "\(room) is for its members: ask one of its moderators to invite you"
        + (reader.isAccount ? "" : ", and register first"))
  }

  /// Why an entry may not be appended; nil when it may.
  public func refusal(
    of append: RoomAppend, knowing facts: RoomFacts, at milliseconds: Int64
  ) -> RoomRefusal? {
    let reader = append.reader
    guard let room = append.key.name(for: append.from) else {
      return RoomRefusal(.notAllowed, "that is a conversation of others")
    }
    let isDirect = append.key.people != nil
    if append.kind != .created, let refusal = refusal(toShow: room, to: reader, at: milliseconds) {
      return refusal
    }
    if let refusal = silence(
      of: append, in: room, by: reader, lastSaid: facts.lastSaid, at: milliseconds)
    {
      return refusal
    }
    switch append.kind {
    case .said, .me:
      return append.act.ref == nil ? nil : refusal(toPointAt: facts.target, room)
    case .edited, .deleted, .reacted, .unreacted:
      return refusal(ofChange: append, facts, room, reader)
    case .topic where isOwned && !may(.moderator, reader):
      return needs(.moderator, "set the topic of", room)
    case .topic: return nil
    case _ where isDirect:
      return RoomRefusal(.notAllowed, "a direct conversation has no ranks, members or settings")
    case .created: return refusal(toCreate: room, reader, facts)
    case .departed:
      return refusal(toDepart: room, reader)
    case .settings:
      guard append.act.settings?.access != nil else {
        return may(.moderator, reader) ? nil : needs(.moderator, "change", room)
      }
      return may(.owner, reader) ? nil : needs(.owner, "change who may read", room)
    case .rank: return refusal(ofRank: append, facts, room, reader)
    default: return refusal(ofModeration: append, facts, room, reader)
    }
  }

  /// Whether the reader has the rank, or one above it.
  private func may(_ rank: RoomRank, _ reader: RoomReader) -> Bool {
    reader.isOperator
      || reader.isAccount && (self.rank(of: reader.nick.folded) ?? .voice) >= rank
        && self.rank(of: reader.nick.folded) != nil
  }

  private func needs(_ rank: RoomRank, _ what: String, _ room: RoomName) -> RoomRefusal {
    let whom = isOwned ? "ask one of its \(rank.rawValue)s" : "nobody owns it: ask an operator"
    return RoomRefusal(
      .notAllowed,
      "only \(rank == .owner ? "an owner" : "a \(rank.rawValue)") may \(what) \(room): \(whom)")
  }

  /// Of a person who is muted, or has no voice in a room that is read-only.
  private func silence(
    of append: RoomAppend, in room: RoomName, by reader: RoomReader, lastSaid: Int64?,
    at milliseconds: Int64
  ) -> RoomRefusal? {
    switch append.kind {
    case .departed, .created, .deleted: return nil
    default: break
    }
    if may(.moderator, reader) { return nil }
    let person = reader.nick.folded
    if let mute = mutes.first(where: { $0.holds(at: milliseconds) && $0.nick.folded == person }) {
      return RoomRefusal(.muted, "you are muted in \(room)\(Self.end(mute.until))")
    }
    if may(.voice, reader) { return nil }
    if isReadOnly {
      return RoomRefusal(
        .readOnly, "\(room) is read-only: ask one of its moderators for a voice")
    }
    // A message of the future was said before the clock was set back.
    guard slowSeconds > 0, append.kind.isSpeech, let lastSaid, lastSaid <= milliseconds else {
      return nil
    }
    let wait = lastSaid + Int64(slowSeconds) * 1_000 - milliseconds
    guard wait > 0 else { return nil }
    return RoomRefusal(
      .slowMode,
      "\(room) is slow: one message each \(slowSeconds) s; say it again in \((wait + 999) / 1_000) s"
    )
  }

  private static func end(_ until: Int64?) -> String {
    until.map { " until \(ISO8601Time.text(milliseconds: $0))" } ?? ""
  }

  // MARK: Entries about entries

  private func refusal(toPointAt target: RoomFacts.Target?, _ room: RoomName) -> RoomRefusal? {
    guard let target else {
      return RoomRefusal(.noSuchEntry, "there is no such entry in \(room), or no longer")
    }
    guard !target.isDeleted, target.kind.isSpeech else {
      return RoomRefusal(.noSuchEntry, "that entry of \(room) is deleted, or not a message")
    }
    return nil
  }

  private func refusal(
    ofChange append: RoomAppend, _ facts: RoomFacts, _ room: RoomName, _ reader: RoomReader
  ) -> RoomRefusal? {
    if let refusal = refusal(toPointAt: facts.target, room) { return refusal }
    guard let target = facts.target else { return nil }
    let isAuthor =
      target.from.folded == append.from.folded && target.isAccount == append.isAccount
      && (append.isAccount || target.client == append.client)
    switch append.kind {
    case .edited:
      return isAuthor ? nil : RoomRefusal(.notAllowed, "only \(target.from) may edit that message")
    case .deleted:
      guard !isAuthor, !may(.moderator, reader) else { return nil }
      return RoomRefusal(
        .notAllowed, "only \(target.from) or a moderator may delete that message")
    case .reacted:
      if target.hasReacted {
        return RoomRefusal(.noChange, "you have put this reaction already")
      }
      guard !target.hasReaction, target.reactions >= RoomEntryChange.maximumReactions else {
        return nil
      }
      return RoomRefusal(
        .roomFull,
        "that message has \(target.reactions) different reactions, which is the limit: use one of them"
      )
    default:
      return target.hasReacted ? nil : RoomRefusal(.noChange, "you have not put this reaction")
    }
  }

  // MARK: Members and ranks

  private func refusal(
    toCreate room: RoomName, _ reader: RoomReader, _ facts: RoomFacts
  ) -> RoomRefusal? {
    guard facts.isNew else {
      return RoomRefusal(.roomExists, "\(room) exists already: choose another name")
    }
    guard reader.isAccount else {
      return RoomRefusal(.needsAccount, "only accounts own rooms: register first")
    }
    return facts.fullAt.map {
      RoomRefusal(
        .tooManyRooms, "you are a member of \($0) rooms, which is the limit: leave one first")
    }
  }

  private func refusal(toDepart room: RoomName, _ reader: RoomReader) -> RoomRefusal? {
    guard members[reader.nick.folded] != nil else {
      return RoomRefusal(.noChange, "you are not a member of \(room)")
    }
    return isLastOwner(reader.nick.folded) ? lastOwner(room) : nil
  }

  private func isLastOwner(_ person: String) -> Bool {
    rank(of: person) == .owner && ranks.values.count(where: { $0 == .owner }) == 1
  }

  private func lastOwner(_ room: RoomName) -> RoomRefusal {
    RoomRefusal(.notAllowed, "\(room) would have no owner: make somebody else one first")
  }

  private func refusal(
    ofRank append: RoomAppend, _ facts: RoomFacts, _ room: RoomName, _ reader: RoomReader
  ) -> RoomRefusal? {
    guard let nick = append.act.nick else { return nil }
    guard may(.owner, reader) else { return needs(.owner, "give ranks in", room) }
    guard facts.nickIsAccount else { return noAccount(nick) }
    if append.act.rank == rank(of: nick.folded) {
      return RoomRefusal(.noChange, "\(nick) has that rank already")
    }
    if isLastOwner(nick.folded), !reader.isOperator { return lastOwner(room) }
    if rank(of: nick.folded) == nil, ranks.count >= Self.maximumRanks {
      return RoomRefusal(
        .roomFull, "\(room) has \(ranks.count) persons of rank, which is the limit: take one away")
    }
    return members[nick.folded] == nil ? refusal(toAdmit: nick, facts, room) : nil
  }

  /// Invitations, kicks, bans, mutes and their ends.
  private func refusal(
    ofModeration append: RoomAppend, _ facts: RoomFacts, _ room: RoomName, _ reader: RoomReader
  ) -> RoomRefusal? {
    guard let nick = append.act.nick else { return nil }
    guard may(.moderator, reader) else {
      return needs(.moderator, Self.verb(append.kind) + " in", room)
    }
    let person = nick.folded
    switch append.kind {
    case .invited:
      if members[person] != nil {
        return RoomRefusal(.noChange, "\(nick) is a member of \(room) already")
      }
      guard facts.nickIsAccount else { return noAccount(nick) }
      if bans.contains(where: { $0.nick.folded == person }) {
        return RoomRefusal(.banned, "\(nick) is banned from \(room): end the ban first")
      }
      return refusal(toAdmit: nick, facts, room)
    case .unbanned:
      return bans.contains { $0.nick.folded == person }
        ? nil : RoomRefusal(.noChange, "\(nick) is not banned from \(room)")
    case .unmuted:
      return mutes.contains { $0.nick.folded == person }
        ? nil : RoomRefusal(.noChange, "\(nick) is not muted in \(room)")
    default:
      return refusal(toSanction: nick, append.kind, room, reader)
    }
  }

  private func refusal(
    toSanction nick: Nick, _ kind: RoomAct.Kind, _ room: RoomName, _ reader: RoomReader
  ) -> RoomRefusal? {
    if nick.folded == reader.nick.folded {
      return RoomRefusal(.notAllowed, "you cannot \(Self.verb(kind)) yourself")
    }
    if let theirs = rank(of: nick.folded), !reader.isOperator,
      theirs >= rank(of: reader.nick.folded) ?? .voice
    {
      return RoomRefusal(
        .notAllowed,
        "\(nick) is \(theirs == .owner ? "an" : "a") \(theirs.rawValue) of \(room), as high as you are"
      )
    }
    let list = kind == .muted ? mutes : bans
    guard kind != .kicked, list.count >= Self.maximumSanctions,
      !list.contains(where: { $0.nick.folded == nick.folded })
    else { return nil }
    return RoomRefusal(
      .roomFull, "\(room) has \(list.count) of these, which is the limit: end one first")
  }

  private func refusal(
    toAdmit nick: Nick, _ facts: RoomFacts, _ room: RoomName
  ) -> RoomRefusal? {
    guard members.count < maximumMembers else {
      return RoomRefusal(
        .roomFull,
        "\(room) has \(members.count) members, which is its limit: raise it or let one go")
    }
    return facts.fullAt.map {
      RoomRefusal(
        .tooManyRooms,
        "\(nick) is a member of \($0) rooms, which is the limit: they leave one first")
    }
  }

  private func noAccount(_ nick: Nick) -> RoomRefusal {
    RoomRefusal(.needsAccount, "\(nick) has no account here: only accounts are members")
  }

  private static func verb(_ kind: RoomAct.Kind) -> String {
    switch kind {
    case .invited: "invite"
    case .kicked: "kick"
    case .banned: "ban"
    case .unbanned: "end bans"
    case .muted: "mute"
    case .unmuted: "end mutes"
    default: kind.rawValue
    }
  }
}

/// Who may do what in a room: what the acts in its log have made of it. The log's entries in their order give the state, and a
/// store keeps the state beside the log, since old entries go.
///
/// Persons are their folded nicks. A direct conversation has no state: the people in its name are in it.
public struct RoomState: Hashable, Sendable {
  public var access = RoomSettings.Access.open
  public var isReadOnly = false
  public var slowSeconds = 0
  public var about = ""
  public var maximumMembers = RoomSettings.membersRange.upperBound
  public var ranks: [String: RoomRank] = [:]
  /// Who may read a room that is not open; in an open room nobody needs to be a member.
  public var members: [String: Nick] = [:]
  /// In the order in which they were set.
  public var bans: [Sanction] = []
  public var mutes: [Sanction] = []

  /// What was set on a person, until it ends.
  public struct Sanction: Hashable, Sendable {
    public var nick: Nick
    /// Milliseconds since 1970; nil for good.
    public var until: Int64?
    /// The address that it is on too.
    public var address: String?

    public init(nick: Nick, until: Int64? = nil, address: String? = nil) {
      self.nick = nick
      self.until = until
      self.address = address
    }

    func holds(at milliseconds: Int64) -> Bool { until.map { $0 > milliseconds } ?? true }
  }

  /// Bans, mutes and ranks of one room, of each so many; one more is refused.
  public static let maximumSanctions = 500
  public static let maximumRanks = 200

  public init() {}

  /// Whether it is the state of a room in which nothing was ever set.
  public var isPlain: Bool { self == RoomState() }

  public var settings: RoomSettings {
    RoomSettings(
      access: access, isReadOnly: isReadOnly, slowSeconds: slowSeconds, about: about,
      maximumMembers: maximumMembers)
  }

  /// Whether somebody owns it. What nobody owns is everybody's, and only operators moderate it.
  public var isOwned: Bool { ranks.values.contains(.owner) }

  public func rank(of person: String) -> RoomRank? { ranks[person] }

  /// Takes in an entry that was stored at `milliseconds`.
  package mutating func take(_ append: RoomAppend, at milliseconds: Int64) {
    guard append.key.people == nil, !append.kind.isSpeech else { return }
    let act = append.act
    switch append.kind {
    case .created:
      set(act.settings)
      ranks[append.from.folded] = .owner
      members[append.from.folded] = append.from
    case .settings: set(act.settings)
    case .invited: if let nick = act.nick { members[nick.folded] = nick }
    case .departed: remove(append.from.folded)
    case .kicked: if let nick = act.nick { remove(nick.folded) }
    case .banned: if let nick = act.nick { ban(nick, act, append.bannedAddress, milliseconds) }
    case .unbanned: bans.removeAll { $0.nick.folded == act.nick?.folded }
    case .muted:
      guard let nick = act.nick else { return }
      Self.put(Sanction(nick: nick, until: Self.end(act, milliseconds)), into: &mutes, milliseconds)
    case .unmuted: mutes.removeAll { $0.nick.folded == act.nick?.folded }
    case .rank: if let nick = act.nick { setRank(act.rank, of: nick) }
    default: break
    }
  }

  private mutating func set(_ settings: RoomSettings?) {
    guard let settings else { return }
    access = settings.access ?? access
    isReadOnly = settings.isReadOnly ?? isReadOnly
    slowSeconds = settings.slowSeconds ?? slowSeconds
    about = settings.about ?? about
    maximumMembers = settings.maximumMembers ?? maximumMembers
  }

  private mutating func remove(_ person: String) {
    members[person] = nil
    ranks[person] = nil
  }

  private mutating func setRank(_ rank: RoomRank?, of nick: Nick) {
    ranks[nick.folded] = rank
    // Who has a rank in a room is of it.
    if rank != nil { members[nick.folded] = nick }
  }

  private mutating func ban(
    _ nick: Nick, _ act: RoomAct, _ address: String?, _ milliseconds: Int64
  ) {
    remove(nick.folded)
    let ban = Sanction(nick: nick, until: Self.end(act, milliseconds), address: address)
    Self.put(ban, into: &bans, milliseconds)
  }

  /// In place of an older one on the same person. Those that are over go.
  private static func put(
    _ sanction: Sanction, into list: inout [Sanction], _ milliseconds: Int64
  ) {
    list.removeAll { $0.nick.folded == sanction.nick.folded || !$0.holds(at: milliseconds) }
    list.append(sanction)
  }

  private static func end(_ act: RoomAct, _ milliseconds: Int64) -> Int64? {
    act.seconds.map { milliseconds + Int64($0) * 1_000 }
  }
}

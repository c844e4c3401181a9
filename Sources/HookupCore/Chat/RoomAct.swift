/// What somebody does in a room: the part of an entry that the client sends and the log keeps.
///
/// Which fields count depends on the kind; the table on the chat protocol page lists them. Those that do not are empty.
public struct RoomAct: Hashable, Sendable {
  /// What was said, the topic, a reaction, a reason. As it was said: control characters and all. Sanitise before showing.
  public var text: String
  public var kind: Kind
  /// The offset of the entry it is about: replied to, edited, deleted, reacted to.
  public var ref: UInt64?
  /// Whom it is about.
  public var nick: Nick?
  /// How long a ban or a mute holds; nil for good. From the time of the entry on.
  public var seconds: Int?
  /// Whether a ban is of the person's address, too.
  public var withAddress: Bool
  /// The rank that is given; nil takes it away.
  public var rank: RoomRank?
  /// What is set of the room; a setting that is nil stays as it is.
  public var settings: RoomSettings?

  /// How long a ban or a mute may be told to hold: 366 days. Without a number it holds for good.
  public static let maximumSeconds = 366 * 86_400
  /// One reaction: bytes of UTF-8, all of it one character as a reader sees it.
  public static let reactionBytes = 64

  public init(
    _ kind: Kind, text: String = "", ref: UInt64? = nil, nick: Nick? = nil, seconds: Int? = nil,
    withAddress: Bool = false, rank: RoomRank? = nil, settings: RoomSettings? = nil
  ) {
    self.text = text
    self.kind = kind
    self.ref = ref
    self.nick = nick
    self.seconds = seconds
    self.withAddress = withAddress
    self.rank = rank
    self.settings = settings
  }

  /// What an entry is. A kind that a newer server has is kept as it is named.
  public struct Kind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word in the entry's field `is`.
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public var description: String { rawValue }

    public static let said = Kind(rawValue: "said")
    /// Said about oneself: `/me waves`.
    public static let me = Kind(rawValue: "me")
    /// The topic was set to ``RoomAct/text``.
    public static let topic = Kind(rawValue: "topic")
    /// The text of ``RoomAct/ref`` is ``RoomAct/text`` from now on.
    public static let edited = Kind(rawValue: "edited")
    /// ``RoomAct/ref`` is not shown any more.
    public static let deleted = Kind(rawValue: "deleted")
    /// ``RoomAct/text`` was put to ``RoomAct/ref``.
    public static let reacted = Kind(rawValue: "reacted")
    public static let unreacted = Kind(rawValue: "unreacted")
    /// The room was made on purpose; its maker owns it.
    public static let created = Kind(rawValue: "created")
    public static let settings = Kind(rawValue: "settings")
    /// ``RoomAct/nick`` is a member from now on.
    public static let invited = Kind(rawValue: "invited")
    /// The sender is no member any more.
    public static let departed = Kind(rawValue: "departed")
    public static let kicked = Kind(rawValue: "kicked")
    public static let banned = Kind(rawValue: "banned")
    public static let unbanned = Kind(rawValue: "unbanned")
    public static let muted = Kind(rawValue: "muted")
    public static let unmuted = Kind(rawValue: "unmuted")
    /// ``RoomAct/nick`` has ``RoomAct/rank`` from now on.
    public static let rank = Kind(rawValue: "rank")

    /// Whether it is done to others, or to the room.
    public var isModeration: Bool {
      switch self {
      case .deleted, .created, .settings, .kicked, .banned, .unbanned, .muted, .unmuted, .rank: true
      default: false
      }
    }

    /// Whether the text is what somebody says: long, searched, edited.
    public var isSpeech: Bool { self == .said || self == .me }
  }

  public static func say(_ text: String, replyingTo ref: UInt64? = nil) -> RoomAct {
    RoomAct(.said, text: text, ref: ref)
  }
  public static func topic(_ text: String) -> RoomAct { RoomAct(.topic, text: text) }
}

/// What a person may do in a room. Each may all that the ones before it may.
public enum RoomRank: String, Hashable, Sendable, Comparable, CaseIterable {
  /// Speaks in a room where not everybody may.
  case voice
  /// Invites, kicks, bans, mutes, deletes; sets all but who may read.
  case moderator
  /// Gives ranks, sets who may read.
  case owner

  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  public static func < (left: RoomRank, right: RoomRank) -> Bool { left.order < right.order }
}

/// A room's settings, or those of them that a change sets.
public struct RoomSettings: Hashable, Sendable {
  public enum Access: String, Hashable, Sendable {
    /// Anybody reads and speaks; the room is listed.
    case open
    /// Only members read and speak; the room is listed.
    case invite
    /// Only members read and speak, and only they see it in a list.
    case hidden
  }

  public var access: Access?
  /// Whether only persons with a rank may speak.
  public var isReadOnly: Bool?
  /// Seconds that a person without a rank waits between two messages, 0 to 21,600; 0 lets everybody speak at once.
  public var slowSeconds: Int?
  /// What the room is for, as long as a topic.
  public var about: String?
  /// How many members a room that is not open has at most, 2 to 1,000.
  public var maximumMembers: Int?

  public static let slowRange = 0...21_600
  public static let membersRange = 2...1_000

  public init(
    access: Access? = nil, isReadOnly: Bool? = nil, slowSeconds: Int? = nil, about: String? = nil,
    maximumMembers: Int? = nil
  ) {
    self.access = access
    self.isReadOnly = isReadOnly
    self.slowSeconds = slowSeconds
    self.about = about
    self.maximumMembers = maximumMembers
  }
}

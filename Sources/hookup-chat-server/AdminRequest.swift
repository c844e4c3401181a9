import HookupEngine

/// What an operator asks of a server that runs, as it goes over the admin socket: an object of strings, the word under `do`.
enum AdminRequest: Hashable, Sendable {
  case status, sessions, users, rooms, bans
  case say(String)
  case kick(Nick, reason: String)
  case disable(Nick, reason: String)
  case enable(Nick)
  /// Seconds; nil: for good.
  case ban(String, seconds: Int64?, reason: String)
  case unban(String)
  /// Seconds over which the clients come back; nil: as configured.
  case drain(seconds: Int64?)

  /// Of what is said to everybody, UTF-8.
  static let maximumTextBytes = 2_000
  /// Ten years.
  static let maximumBanSeconds: Int64 = 315_360_000

  var fields: [(String, String)] {
    switch self {
    case .status: [("do", "status")]
    case .sessions: [("do", "sessions")]
    case .users: [("do", "users")]
    case .rooms: [("do", "rooms")]
    case .bans: [("do", "bans")]
    case .say(let text): [("do", "say"), ("text", text)]
    case .kick(let nick, let reason):
      [("do", "kick"), ("nick", nick.text), ("reason", reason)]
    case .disable(let nick, let reason):
      [("do", "disable"), ("nick", nick.text), ("reason", reason)]
    case .enable(let nick): [("do", "enable"), ("nick", nick.text)]
    case .ban(let addresses, let seconds, let reason):
      [("do", "ban"), ("addresses", addresses), ("reason", reason)] + Self.time(seconds)
    case .unban(let addresses): [("do", "unban"), ("addresses", addresses)]
    case .drain(let seconds): [("do", "drain")] + Self.time(seconds)
    }
  }

  private static func time(_ seconds: Int64?) -> [(String, String)] {
    seconds.map { [("seconds", "\($0)")] } ?? []
  }

  /// - Throws: ``HookupError/Code/invalidArgument`` with what is wrong.
  init(_ fields: [String: String]) throws(HookupError) {
    let reason = fields["reason", default: ""]
    guard reason.utf8.count <= ServerBan.maximumReasonBytes else {
      throw Self.wrong("a reason has at most \(ServerBan.maximumReasonBytes) bytes")
    }
    switch fields["do"] {
    case "status": self = .status
    case "sessions": self = .sessions
    case "users": self = .users
    case "rooms": self = .rooms
    case "bans": self = .bans
    case "say":
      let text = fields["text", default: ""]
      guard (1...Self.maximumTextBytes).contains(text.utf8.count) else {
        throw Self.wrong("the text has 1 to \(Self.maximumTextBytes) bytes")
      }
      self = .say(text)
    case "kick": self = .kick(try Self.nick(fields), reason: reason)
    case "disable":
      guard !reason.isEmpty else { throw Self.wrong("say why the account is disabled") }
      self = .disable(try Self.nick(fields), reason: reason)
    case "enable": self = .enable(try Self.nick(fields))
    case "ban":
      let ban = try ServerBan(fields["addresses", default: ""], reason: reason)
      self = .ban(
        ban.addresses, seconds: try Self.seconds(fields, 1...Self.maximumBanSeconds),
        reason: reason)
    case "unban": self = .unban(try ServerBan(fields["addresses", default: ""]).addresses)
    case "drain": self = .drain(seconds: try Self.seconds(fields, 0...600))
    default: throw Self.wrong("there is no such command")
    }
  }

  private static func nick(_ fields: [String: String]) throws(HookupError) -> Nick {
    try Nick(fields["nick", default: ""])
  }

  private static func seconds(
    _ fields: [String: String], _ range: ClosedRange<Int64>
  ) throws(HookupError) -> Int64? {
    guard let text = fields["seconds"] else { return nil }
    guard let seconds = Int64(text), range.contains(seconds) else {
      throw wrong("the time is \(range.lowerBound) to \(range.upperBound) s")
    }
    return seconds
  }

  private static func wrong(_ sentence: String) -> HookupError {
    HookupError(.invalidArgument, sentence)
  }

  /// For the audit log.
  var summary: String {
    fields.filter { $0.0 != "text" }.map { $0.0 == "do" ? $0.1 : "\($0.0)=\($0.1)" }
      .joined(separator: " ")
  }

  /// Whether it changes something, or only asks.
  var isChange: Bool {
    switch self {
    case .status, .sessions, .users, .rooms, .bans: false
    default: true
    }
  }
}

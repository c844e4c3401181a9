import HookupCore

/// Something that an operator may have to look up later: who logged in, who was thrown out. Never holds a password, a token or what
/// somebody said.
public struct AuditRecord: Hashable, Sendable {
  /// What happened. More may be added.
  public enum Event: String, Hashable, Sendable {
    case login
    case loginFailed = "login_failed"
    case register
    case registerFailed = "register_failed"
    case passwordChanged = "password_changed"
    case deviceRevoked = "device_revoked"
    /// An act of moderation in a room; the detail says which.
    case moderation
    /// An operator's command; the detail is the command.
    case operation
  }

  public var event: Event
  public var nick: String
  /// Where from; nil for this machine.
  public var address: String?
  /// Milliseconds since 1970.
  public var milliseconds: Int64
  public var detail: String

  public init(
    _ event: Event, nick: String, address: String? = nil, milliseconds: Int64, detail: String = ""
  ) {
    self.event = event
    self.nick = nick
    self.address = address
    self.milliseconds = milliseconds
    self.detail = detail
  }
}

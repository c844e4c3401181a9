import HookupCore

/// Where a chat server keeps its accounts. Part of every ``ChatStore``.
public protocol AccountStore: Sendable {
  /// The account of that nick, however it is written; nil when there is none.
  func account(of nick: Nick) async throws(HookupError) -> Account?

  /// Adds an account, if its nick is free and looks like no other's.
  func create(_ account: Account) async throws(HookupError) -> AccountCreation

  /// Sets the fields of `change` that are not nil. False when there is no such account.
  ///
  /// A new password logs all devices out in the same transaction, but the one that ``AccountChange/keptDevice`` names; a disabled
  /// account has none at all. A new hash of the same password (``AccountChange/isRehash``) leaves them.
  func update(_ nick: Nick, _ change: AccountChange) async throws(HookupError) -> Bool

  /// Accounts after `nick` by the order of their folded nicks, at most `limit`.
  func accounts(after nick: Nick?, limit: Int) async throws(HookupError) -> [Account]

  /// Adds a device. An account has at most ``ChatStoreLimits/devicesPerAccount``: the one unseen for the longest time goes.
  func add(_ device: AccountDevice, to nick: Nick) async throws(HookupError)

  /// The account's devices, the one logged in first first.
  func devices(of nick: Nick) async throws(HookupError) -> [AccountDevice]

  /// A device was seen at `milliseconds` since 1970, and its account with it.
  func touch(
    device: String, of nick: Nick, milliseconds: Int64
  ) async throws(HookupError)

  /// Forgets a device. False when the account has none of that id.
  func remove(device: String, of nick: Nick) async throws(HookupError) -> Bool
}

/// An account, as a store keeps it.
public struct Account: Hashable, Sendable {
  /// As it was registered.
  public var nick: Nick
  /// ``NickRules/skeleton(of:)``: no two accounts have the same.
  public var skeleton: String
  /// What ``PasswordHasher`` made of the password.
  public var passwordHash: String
  /// Milliseconds since 1970.
  public var created: Int64
  public var seen: Int64
  public var isOperator: Bool
  /// Why nobody may log in to it; nil when they may.
  public var disabled: String?
  /// ``DisplayName/text``; empty when there is none.
  public var displayName: String

  public init(
    nick: Nick, skeleton: String, passwordHash: String, created: Int64, seen: Int64? = nil,
    isOperator: Bool = false, disabled: String? = nil, displayName: String = ""
  ) {
    self.nick = nick
    self.skeleton = skeleton
    self.passwordHash = passwordHash
    self.created = created
    self.seen = seen ?? created
    self.isOperator = isOperator
    self.disabled = disabled
    self.displayName = displayName
  }
}

/// What became of a new account.
public enum AccountCreation: Hashable, Sendable {
  case created
  /// There is an account of that nick.
  case taken
  /// This account's nick looks the same.
  case confusable(Nick)
  /// There are ``ChatStoreLimits/maximumAccounts``.
  case full(limit: Int)
}

/// What is to be changed of an account: the fields that are not nil.
public struct AccountChange: Hashable, Sendable {
  public var passwordHash: String?
  public var keptDevice: String?
  public var isRehash: Bool
  public var isOperator: Bool?
  /// A reason disables the account, an empty one enables it.
  public var disabled: String?
  public var displayName: DisplayName?

  public init(
    passwordHash: String? = nil, keeping device: String? = nil, isRehash: Bool = false,
    isOperator: Bool? = nil, disabled: String? = nil, displayName: DisplayName? = nil
  ) {
    self.passwordHash = passwordHash
    keptDevice = device
    self.isRehash = isRehash
    self.isOperator = isOperator
    self.disabled = disabled
    self.displayName = displayName
  }
}

/// A device that is logged in, as a store keeps it.
public struct AccountDevice: Hashable, Sendable {
  public var id: String
  /// As the device named itself.
  public var name: String
  /// SHA-256 of its token, hexadecimal.
  public var tokenHash: String
  public var created: Int64
  public var seen: Int64

  public init(id: String, name: String, tokenHash: String, created: Int64, seen: Int64) {
    self.id = id
    self.name = name
    self.tokenHash = tokenHash
    self.created = created
    self.seen = seen
  }
}

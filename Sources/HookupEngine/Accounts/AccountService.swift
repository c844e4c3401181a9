import HookupCore
import Synchronization

/// Registers people, logs them in, and lists and forgets their devices, for a chat server.
final class AccountService: AccountDesk {
  private let store: any AccountStore
  private let hasher: PasswordHasher
  private let limiter: Mutex<LoginLimiter>
  private let settings: AccountSettings
  private let clock: @Sendable () -> Int64
  private let audit: @Sendable (AuditRecord) -> Void

  init(
    store: any AccountStore, settings: AccountSettings, clock: @escaping @Sendable () -> Int64,
    audit: @escaping @Sendable (AuditRecord) -> Void
  ) {
    self.store = store
    self.settings = settings
    hasher = PasswordHasher(cost: settings.passwordCost, threads: settings.hashingThreads)
    limiter = Mutex(LoginLimiter(rates: settings.rates))
    self.clock = clock
    self.audit = audit
  }

  func answer(_ question: AccountQuestion) async -> AccountAnswer {
    do {
      switch question {
      case .hello(let hello, let address): return try await greet(hello, address)
      case .register(let nick, let password, let device, let address):
        return try await register(nick, password, device, address)
      case .password(let nick, let device, let old, let new, let address):
        return try await change(nick, device, old, new, address)
      case .devices(let nick, let own):
        return .devices(
          try await store.devices(of: nick).map {
            ChatDevice(
              id: $0.id, name: $0.name, created: $0.created, seen: $0.seen, isThis: $0.id == own)
          })
      case .revoke(let nick, let device, _): return try await revoke(device, of: nick)
      case .whois(let nick):
        let account = try await store.account(of: nick)
        return .person(
          account?.nick ?? nick, isAccount: account != nil, seen: account?.seen,
          displayName: account?.displayName ?? "")
      case .rename(let nick, let name):
        guard try await store.update(nick, AccountChange(displayName: name)) else {
          throw ChatRefusal(.needsAccount, "there is no account \(nick) any more")
        }
        return .renamed(name)
      }
    } catch let refusal as ChatRefusal {
      return .refused(refusal)
    } catch let error as HookupError where error.code == .unavailable {
      return .refused(ChatRefusal(.tooManyAttempts, error.message))
    } catch {
      return .failed
    }
  }

  func touch(device: String, of nick: Nick) async {
    // When somebody was last here is not worth a failure.
    try? await store.touch(device: device, of: nick, milliseconds: clock())
  }

  // MARK: Logging in

  private func greet(_ hello: ChatHello, _ address: String?) async throws -> AccountAnswer {
    switch hello.credential {
    case nil:
      if let account = try await store.account(of: hello.nick) {
        throw ChatRefusal(
          .nickRegistered,
          "the nick \(account.nick) is an account's: log in with its password, or choose another nick"
        )
      }
      if let refusal = NickRules.refusal(of: hello.nick, reserving: settings.reservedNicks) {
        throw refusal
      }
      return .guest
    case .token(let token): return try await logIn(hello.nick, token: token, address)
    case .password(let password):
      return try await logIn(hello.nick, password: password, hello.device, address)
    }
  }

  private func logIn(
    _ nick: Nick, password: String, _ device: String, _ address: String?
  ) async throws -> AccountAnswer {
    let account = try await check(nick, password, address)
    return .account(try await addDevice(device, to: account, address))
  }

  /// The account, if the password is its own.
  private func check(
    _ nick: Nick, _ password: String, _ address: String?
  ) async throws -> Account {
    if let wait = limiter.withLock({ $0.logIn(to: nick, from: address, at: .now) }) {
      report(.loginFailed, nick, address, "too many attempts")
      throw Self.tooMany(wait)
    }
    let account = try await store.account(of: nick)
    // Whether there is such an account takes no less time than whether the password is right. One that cannot be a password is
    // nobody's, and says nothing of the account.
    guard let given = try? Password(password),
      case let verdict = try await hasher.verify(given, against: account?.passwordHash),
      verdict != .wrong, let account
    else {
      report(.loginFailed, nick, address, "wrong nick or password")
      throw ChatRefusal(
        .wrongPassword, "the nick \(nick) and this password do not belong together: try again")
    }
    if let reason = account.disabled {
      report(.loginFailed, nick, address, "disabled")
      throw ChatRefusal(.accountDisabled, "the account \(account.nick) is disabled: \(reason)")
    }
    limiter.withLock { $0.succeeded(nick, from: address) }
    if verdict == .rightButOld {
      // At the strength of today, with the devices as they are.
      let hash = try await hasher.hash(given)
      _ = try await store.update(nick, AccountChange(passwordHash: hash, isRehash: true))
    }
    return account
  }

  private func logIn(
    _ nick: Nick, token: String, _ address: String?
  ) async throws -> AccountAnswer {
    guard let account = try await store.account(of: nick), account.disabled == nil,
      let device = try await store.devices(of: nick).first(where: {
        PasswordHasher.areEqual($0.tokenHash, Self.hash(of: token))
      })
    else {
      report(.loginFailed, nick, address, "unknown token")
      throw ChatRefusal(
        .notLoggedIn, "this device is not logged in as \(nick) any more: log in with the password")
    }
    try await store.touch(device: device.id, of: nick, milliseconds: clock())
    return .account(
      ChatAccount(
        nick: account.nick, device: device.id, isOperator: isOperator(account),
        displayName: account.displayName))
  }

  private func isOperator(_ account: Account) -> Bool {
    account.isOperator || settings.operators.contains(account.nick.folded)
  }

  private func addDevice(
    _ name: String, to account: Account, _ address: String?,
    _ event: AuditRecord.Event = .login
  ) async throws -> ChatAccount {
    let token = Self.randomHex(bytes: 32)
    let now = clock()
    let device = AccountDevice(
      id: Self.randomHex(bytes: 8), name: name, tokenHash: Self.hash(of: token), created: now,
      seen: now)
    try await store.add(device, to: account.nick)
    report(event, account.nick, address, "device \(device.id)")
    return ChatAccount(
      nick: account.nick, device: device.id, token: token, isOperator: isOperator(account),
      displayName: account.displayName)
  }

  // MARK: Accounts

  private func register(
    _ nick: Nick, _ password: String, _ device: String, _ address: String?
  ) async throws -> AccountAnswer {
    guard settings.allowsRegistration else {
      throw ChatRefusal(
        .needsAccount, "nobody registers here: ask the server's operator for an account")
    }
    if let refusal = NickRules.refusal(of: nick, reserving: settings.reservedNicks) {
      throw refusal
    }
    let given = try Password(password)
    if let wait = limiter.withLock({ $0.register(from: address, at: .now) }) {
      report(.registerFailed, nick, address, "too many attempts")
      throw Self.tooMany(wait)
    }
    let account = try await create(nick, given)
    return .account(try await addDevice(device, to: account, address, .register))
  }

  /// Makes an account.
  /// - Throws: ``ChatRefusal``.
  func create(
    _ nick: Nick, _ password: Password, isOperator: Bool = false
  ) async throws -> Account {
    if try await store.account(of: nick) != nil { throw Self.taken(nick) }
    let account = Account(
      nick: nick, skeleton: NickRules.skeleton(of: nick),
      passwordHash: try await hasher.hash(password), created: clock(), isOperator: isOperator)
    switch try await store.create(account) {
    case .created: return account
    case .taken: throw Self.taken(nick)
    case .confusable(let other):
      throw ChatRefusal(
        .nickConfusable, "the nick \(nick) looks like the account \(other): choose another one")
    case .full(let limit):
      throw ChatRefusal(
        .serverFull, "the server has \(limit) accounts, as many as it may: ask its operator")
    }
  }

  private func change(
    _ nick: Nick, _ device: String, _ old: String, _ new: String, _ address: String?
  ) async throws -> AccountAnswer {
    let given = try Password(new)
    let account = try await check(nick, old, address)
    let hash = try await hasher.hash(given)
    _ = try await store.update(nick, AccountChange(passwordHash: hash, keeping: device))
    report(.passwordChanged, nick, address, "")
    return .account(
      ChatAccount(
        nick: account.nick, device: device, isOperator: isOperator(account),
        displayName: account.displayName))
  }

  /// Another password, by an operator's order: all devices are logged out.
  func reset(_ nick: Nick, to password: Password) async throws -> Bool {
    let hash = try await hasher.hash(password)
    return try await store.update(nick, AccountChange(passwordHash: hash))
  }

  private func revoke(_ device: String, of nick: Nick) async throws -> AccountAnswer {
    guard try await store.remove(device: device, of: nick) else {
      throw ChatRefusal(.notLoggedIn, "you have no device \(quoted(device)): see your devices")
    }
    report(.deviceRevoked, nick, nil, "device \(device)")
    return .revoked(device: device)
  }

  // MARK: Parts

  private static func taken(_ nick: Nick) -> ChatRefusal {
    ChatRefusal(.nickRegistered, "the nick \(nick) is registered already: log in instead")
  }

  private static func tooMany(_ wait: Duration) -> ChatRefusal {
    ChatRefusal(
      .tooManyAttempts, "too many attempts: try again in \(wait.wholeMilliseconds / 1_000 + 1) s")
  }

  private func report(
    _ event: AuditRecord.Event, _ nick: Nick, _ address: String?, _ detail: String
  ) {
    audit(
      AuditRecord(
        event, nick: nick.text, address: address, milliseconds: clock(), detail: detail))
  }

  private static func hash(of token: String) -> String {
    SHA256.digest(Array(token.utf8)).map { hexByte($0) }.joined()
  }

  private static func randomHex(bytes: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<bytes).map { _ in hexByte(UInt8.random(in: .min ... .max, using: &generator)) }
      .joined()
  }

  private static func hexByte(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}

import HookupCore

/// The accounts of a ``MemoryChatStore``.
struct MemoryAccounts {
  private struct Entry {
    var account: Account
    var devices: [AccountDevice] = []
  }

  private let limits: ChatStoreLimits
  /// By folded nick.
  private var entries: [String: Entry] = [:]
  private var bySkeleton: [String: String] = [:]

  init(limits: ChatStoreLimits) {
    self.limits = limits
  }

  func contains(_ nick: Nick) -> Bool { entries[nick.folded] != nil }
  func account(of nick: Nick) -> Account? { entries[nick.folded]?.account }
  func devices(of nick: Nick) -> [AccountDevice] { entries[nick.folded]?.devices ?? [] }

  mutating func create(_ account: Account) -> AccountCreation {
    let name = account.nick.folded
    if entries[name] != nil { return .taken }
    if let other = bySkeleton[account.skeleton].flatMap({ entries[$0] }) {
      return .confusable(other.account.nick)
    }
    guard entries.count < limits.maximumAccounts else {
      return .full(limit: limits.maximumAccounts)
    }
    entries[name] = Entry(account: account)
    bySkeleton[account.skeleton] = name
    return .created
  }

  mutating func update(_ nick: Nick, _ change: AccountChange) -> Bool {
    guard var entry = entries[nick.folded] else { return false }
    if let hash = change.passwordHash {
      entry.account.passwordHash = hash
      if !change.isRehash { entry.devices.removeAll { $0.id != change.keptDevice } }
    }
    if let isOperator = change.isOperator { entry.account.isOperator = isOperator }
    if let disabled = change.disabled {
      entry.account.disabled = disabled.isEmpty ? nil : disabled
      if !disabled.isEmpty { entry.devices = [] }
    }
    if let name = change.displayName { entry.account.displayName = name.text }
    entries[nick.folded] = entry
    return true
  }

  func accounts(after nick: Nick?, limit: Int) -> [Account] {
    entries.filter { name, _ in nick.map { name > $0.folded } ?? true }
      .sorted { $0.key < $1.key }.prefix(limit).map(\.value.account)
  }

  mutating func add(_ device: AccountDevice, to nick: Nick) {
    guard var devices = entries[nick.folded]?.devices else { return }
    if devices.count >= limits.devicesPerAccount,
      let oldest = devices.indices.min(by: { devices[$0].seen < devices[$1].seen })
    {
      devices.remove(at: oldest)
    }
    devices.append(device)
    entries[nick.folded]?.devices = devices
  }

  mutating func touch(device: String, of nick: Nick, milliseconds: Int64) {
    guard var entry = entries[nick.folded],
      let index = entry.devices.firstIndex(where: { $0.id == device })
    else { return }
    entry.devices[index].seen = max(entry.devices[index].seen, milliseconds)
    entry.account.seen = max(entry.account.seen, milliseconds)
    entries[nick.folded] = entry
  }

  mutating func remove(device: String, of nick: Nick) -> Bool {
    guard let index = entries[nick.folded]?.devices.firstIndex(where: { $0.id == device }) else {
      return false
    }
    entries[nick.folded]?.devices.remove(at: index)
    return true
  }
}

extension MemoryChatStore {
  public func account(of nick: Nick) throws(HookupError) -> Account? {
    try refuseWhenClosed()
    return accounts.account(of: nick)
  }

  public func create(_ account: Account) throws(HookupError) -> AccountCreation {
    try refuseWhenClosed()
    return accounts.create(account)
  }

  public func update(_ nick: Nick, _ change: AccountChange) throws(HookupError) -> Bool {
    try refuseWhenClosed()
    return accounts.update(nick, change)
  }

  public func accounts(after nick: Nick?, limit: Int) throws(HookupError) -> [Account] {
    try refuseWhenClosed()
    return accounts.accounts(after: nick, limit: limit)
  }

  public func add(_ device: AccountDevice, to nick: Nick) throws(HookupError) {
    try refuseWhenClosed()
    accounts.add(device, to: nick)
  }

  public func devices(of nick: Nick) throws(HookupError) -> [AccountDevice] {
    try refuseWhenClosed()
    return accounts.devices(of: nick)
  }

  public func touch(
    device: String, of nick: Nick, milliseconds: Int64
  ) throws(HookupError) {
    try refuseWhenClosed()
    accounts.touch(device: device, of: nick, milliseconds: milliseconds)
  }

  public func remove(device: String, of nick: Nick) throws(HookupError) -> Bool {
    try refuseWhenClosed()
    return accounts.remove(device: device, of: nick)
  }
}

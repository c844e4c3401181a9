import HookupCore

/// What an operator does with a server that runs.
extension ChatServer {
  /// Says something to everybody who is connected.
  public func announce(_ text: String) { hub.tell(.announced(text)) }

  /// Closes all connections of a person. They may come back: disable the account, or ban the address, to keep them out.
  public func expel(_ nick: Nick, reason: String) {
    hub.tell(.expelled(nick, reason: reason))
  }

  /// Who is connected: those after connection `number`, in order, at most `limit`. A person may be there several times.
  public func presences(after number: UInt64 = 0, limit: Int = 1_000) async -> [ChatPresence] {
    await hub.presences(after: number, limit: limit)
  }

  /// The addresses that nobody may come from.
  /// - Throws: ``HookupError/Code/storage``.
  public func bans() async throws(HookupError) -> ServerBans { try await hub.store.bans() }

  /// Lets nobody in from some addresses any more, and throws out who is here from there; also after a restart.
  /// - Throws: ``HookupError/Code/refused`` when there are ``ServerBans/maximum``; ``HookupError/Code/storage``.
  public func ban(_ ban: ServerBan) async throws(HookupError) { try await change(.add(ban)) }

  /// Ends a ban.
  /// - Parameter addresses: exactly those of the ban, in any spelling.
  /// - Throws: ``HookupError/Code/refused`` when they are not banned; ``HookupError/Code/storage``.
  public func unban(_ addresses: String) async throws(HookupError) {
    try await change(.remove(addresses))
  }

  private func change(_ change: ServerBans.Change) async throws(HookupError) {
    _ = try await hub.store.change(bans: change, milliseconds: configuration.clock())
    try await loadBans()
  }

  /// Until the hub knows what is stored: of two changes at a time the older one may be told last.
  func loadBans() async throws(HookupError) {
    var bans = try await hub.store.bans()
    while true {
      hub.tell(.banned(bans))
      let stored = try await hub.store.bans()
      if stored == bans { return }
      bans = stored
    }
  }

  /// Keeps an account out, or lets it in again. Who is logged in to it is thrown out, and all its devices are logged out.
  /// - Parameter reason: what they are told; empty: they may log in again.
  /// - Returns: false when there is no such account.
  /// - Throws: ``HookupError/Code/storage``.
  public func disable(_ nick: Nick, reason: String) async throws(HookupError) -> Bool {
    guard try await hub.store.update(nick, AccountChange(disabled: reason)) else { return false }
    if !reason.isEmpty { expel(nick, reason: reason) }
    return true
  }
}

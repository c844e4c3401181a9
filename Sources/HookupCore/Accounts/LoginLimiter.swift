/// How often somebody may try to log in or to register: by address, since one may try many names, and by account, since one may try
/// from many addresses. A value; its owner locks it.
package struct LoginLimiter: Sendable {
  package struct Rates: Hashable, Sendable {
    /// Logins from one address. Default 10 at once, then one each 20 s. Few lock out offices behind one address after a restart of
    /// the server: those with a token do not count.
    package var address = TokenBucket.Rate(every: .seconds(20), burst: 10)
    /// Logins to one account. Default 5 at once, then one each 30 s. Somebody who keeps trying keeps the owner from logging in
    /// with the password, but not with a token.
    package var account = TokenBucket.Rate(every: .seconds(30), burst: 5)
    /// Registrations from one address. Default 5 at once, then one each 2 minutes.
    package var registration = TokenBucket.Rate(every: .seconds(120), burst: 5)

    package init() {}
  }

  private enum Key: Hashable {
    case address(String)
    case account(String)
    case registration(String)
  }

  /// Addresses and accounts that are remembered. Beyond it those that are at rest go, then all.
  package static let maximumKeys = 100_000

  package var rates: Rates
  private var buckets: [Key: TokenBucket] = [:]

  package init(rates: Rates = Rates()) {
    self.rates = rates
  }

  /// Nil when a login may be tried; else how long to wait. A local socket has no address and no limit of its own.
  package mutating func logIn(
    to nick: Nick, from address: String?, at now: MonotonicInstant
  ) -> Duration? {
    if let address, let wait = take(.address(address), rates.address, now) { return wait }
    return take(.account(nick.folded), rates.account, now)
  }

  /// The login was right: it counts for nothing.
  package mutating func succeeded(_ nick: Nick, from address: String?) {
    buckets[.account(nick.folded)] = nil
    if let address { buckets[.address(address)]?.giveBack(rates.address) }
  }

  /// Nil when an account may be registered; else how long to wait.
  package mutating func register(
    from address: String?, at now: MonotonicInstant
  ) -> Duration? {
    address.flatMap { take(.registration($0), rates.registration, now) }
  }

  private mutating func take(
    _ key: Key, _ rate: TokenBucket.Rate, _ now: MonotonicInstant
  ) -> Duration? {
    if buckets[key] == nil, buckets.count >= Self.maximumKeys {
      buckets = buckets.filter { !$0.value.isFull(at: now) }
      if buckets.count >= Self.maximumKeys { buckets = [:] }
    }
    return buckets[key, default: TokenBucket(at: now)].take(rate, at: now)
  }
}

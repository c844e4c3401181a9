import HookupCore

/// How a chat server treats accounts.
public struct AccountSettings: Sendable {
  /// Whether people may be here without an account. Default true. Guests speak in open rooms and write to persons; they own, are invited
  /// to and moderate nothing.
  public var allowsGuests = true
  /// Whether a guest may make an account of their nick. Default true. False: the operator makes them.
  public var allowsRegistration = true
  /// Nicks that nobody may have, folded.
  public var reservedNicks = NickRules.reserved
  /// Accounts, by their folded nicks, that may do everything in every room, besides those that the store says so of.
  public var operators: Set<String> = []
  /// What one hash of a password costs. Less is for tests.
  public var passwordCost = PasswordHasher.Cost.standard
  /// Threads that hash, 1 or 2. Default 1: each takes 128 MiB while it hashes, and does three a second.
  public var hashingThreads = 1
  /// Logins with a password, right ones aside: of one address so many at once, then one each so many seconds. Default 10 and 20 s.
  public var loginsPerAddress = (burst: 10, seconds: 20)
  /// The same to one account. Default 5 and 30 s.
  public var loginsPerAccount = (burst: 5, seconds: 30)
  /// Registrations of one address. Default 5 and 120 s.
  public var registrationsPerAddress = (burst: 5, seconds: 120)

  public init() {}

  var rates: LoginLimiter.Rates {
    var rates = LoginLimiter.Rates()
    rates.address = Self.rate(loginsPerAddress)
    rates.account = Self.rate(loginsPerAccount)
    rates.registration = Self.rate(registrationsPerAddress)
    return rates
  }

  private static func rate(_ pair: (burst: Int, seconds: Int)) -> TokenBucket.Rate {
    TokenBucket.Rate(every: .seconds(pair.seconds), burst: pair.burst)
  }
}

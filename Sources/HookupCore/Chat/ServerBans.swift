/// Addresses that a server lets nobody in from.
public struct ServerBan: Hashable, Sendable {
  /// Of the reason, UTF-8.
  public static let maximumReasonBytes = 500

  /// An address or a block of them, in one spelling: `192.0.2.7`, `10.0.0.0/8`. Of IPv6 at least a /64, which one customer
  /// usually has to himself.
  public let addresses: String
  /// Milliseconds since 1970; nil: for good.
  public let until: Int64?
  public let reason: String
  private let range: AddressRange

  /// - Throws: ``HookupError/Code/invalidArgument`` for what is no address or block, and for a reason that is too long.
  public init(
    _ addresses: String, until: Int64? = nil, reason: String = ""
  ) throws(HookupError) {
    guard let range = AddressRange(addresses)?.customers else {
      throw HookupError(
        .invalidArgument,
        "'\(String(addresses.prefix(64)))' is no address like 192.0.2.7 and no block like 10.0.0.0/8 or 2001:db8::/32"
      )
    }
    guard reason.utf8.count <= Self.maximumReasonBytes else {
      throw HookupError(
        .invalidArgument,
        "the reason has \(reason.utf8.count) bytes: at most \(Self.maximumReasonBytes) are allowed")
    }
    self.range = range
    self.addresses = range.text
    self.until = until
    self.reason = reason
  }

  fileprivate func covers(_ address: IPAddress, at milliseconds: Int64) -> Bool {
    holds(at: milliseconds) && range.contains(address)
  }

  fileprivate func holds(at milliseconds: Int64) -> Bool { until.map { $0 > milliseconds } ?? true }
}

/// All bans of a server. One for each address or block.
public struct ServerBans: Hashable, Sendable {
  /// One more is refused. Each newcomer is compared with all of them.
  public static let maximum = 1_000

  /// In the order in which they were made.
  public private(set) var list: [ServerBan] = []

  /// - Parameter list: beyond ``maximum`` the first ones count.
  public init(_ list: [ServerBan] = []) {
    self.list = Array(list.prefix(Self.maximum))
  }

  /// What an operator does to them.
  public enum Change: Hashable, Sendable {
    case add(ServerBan)
    /// Of exactly these addresses.
    case remove(String)
  }

  /// - Throws: ``HookupError/Code/refused`` when there are ``maximum``, or none to remove.
  public mutating func apply(_ change: Change, at milliseconds: Int64) throws(HookupError) {
    switch change {
    case .add(let ban): try add(ban, at: milliseconds)
    case .remove(let addresses):
      guard !remove(addresses) else { return }
      throw HookupError(
        .refused, "'\(String(addresses.prefix(64)))' is not banned: see the list of bans")
    }
  }

  /// Adds a ban, in the place of an earlier one of the same addresses; those that are over go.
  private mutating func add(_ ban: ServerBan, at milliseconds: Int64) throws(HookupError) {
    let others = list.filter { $0.addresses != ban.addresses && $0.holds(at: milliseconds) }
    guard others.count < Self.maximum else {
      throw HookupError(
        .refused, "there are \(Self.maximum) bans: end one, or ban a block of addresses")
    }
    list = others + [ban]
  }

  private mutating func remove(_ addresses: String) -> Bool {
    let text = AddressRange(addresses)?.customers.text
    let count = list.count
    list.removeAll { $0.addresses == text }
    return list.count < count
  }

  /// What a newcomer from `address` is told; nil when nothing is against it.
  /// - Parameter address: ``IPAddress/network``; nil, a Unix-domain socket, is never banned.
  public func refusal(of address: String?, at milliseconds: Int64) -> String? {
    guard !list.isEmpty, let text = address?.prefix(while: { $0 != "/" }),
      let address = IPAddress(text),
      let ban = list.first(where: { $0.covers(address, at: milliseconds) })
    else { return nil }
    let end = ban.until.map { " until \(ISO8601Time.text(milliseconds: $0))" } ?? ""
    return "your address is banned\(end)" + (ban.reason.isEmpty ? "" : ": \(ban.reason)")
  }
}

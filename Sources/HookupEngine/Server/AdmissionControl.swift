/// Who may connect: counts of open connections, in all and by address. A value; ``ConnectionTracker`` holds it under its
/// lock.
struct AdmissionControl: Sendable {
  /// What to do with a connection that was accepted from the listening socket.
  enum Decision: Hashable, Sendable {
    /// Serve it.
    case admit
    /// Read its request and answer 503: the server is full, or this address has its share.
    case refuse(reason: String)
    /// Close it at once: so many are being refused already that answering them would be a burden of its own.
    case drop
  }

  /// An address as it is counted: IPv4 whole, IPv6 by its first 64 bits, which one customer usually has to himself. An
  /// IPv4 address mapped into IPv6 is the IPv4 one.
  struct Source: Hashable, Sendable {
    private let high: UInt64

    init(ipv4 address: UInt32) {
      self.init(high: 0xFFFF << 32 | UInt64(address))
    }

    private init(high: UInt64) {
      self.high = high
    }

    /// - Parameter bytes: sixteen bytes in network order.
    init(ipv6 bytes: some Collection<UInt8>) {
      let high = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let low = bytes.dropFirst(8).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      if high == 0, low >> 32 == 0xFFFF {
        self.init(ipv4: UInt32(truncatingIfNeeded: low))
      } else {
        self.init(high: high)
      }
    }
  }

  let maximumConnections: Int
  let maximumConnectionsPerAddress: Int?
  /// Connections that may wait for their 503 at one time.
  static let maximumRefusals = 64

  private(set) var admitted = 0
  private(set) var refused = 0
  private var bySource: [Source: Int] = [:]

  init(limits: ServerLimits) {
    maximumConnections = limits.maximumConnections
    maximumConnectionsPerAddress = limits.maximumConnectionsPerAddress
  }

  /// Decides, and counts the connection if it is kept: then ``release(_:from:)`` must follow once when it closes.
  mutating func admit(from source: Source?) -> Decision {
    if admitted >= maximumConnections {
      return refuse("the server has its \(maximumConnections) connections: try again later")
    }
    if let source, let limit = maximumConnectionsPerAddress, bySource[source, default: 0] >= limit {
      return refuse(Self.sentence(limit))
    }
    admitted += 1
    if let source { bySource[source, default: 0] += 1 }
    return .admit
  }

  /// Counts an admitted connection for the address that it turned out to come from, beside ``admit(from:)`` without one; then
  /// ``release(_:from:)`` takes that address.
  /// - Returns: why it is to be refused; it is not counted for the address then.
  mutating func identify(as source: Source) -> String? {
    if let limit = maximumConnectionsPerAddress, bySource[source, default: 0] >= limit {
      return Self.sentence(limit)
    }
    bySource[source, default: 0] += 1
    return nil
  }

  /// Undoes ``identify(as:)``: the connection speaks for nobody at the moment.
  mutating func leave(_ source: Source) {
    guard let count = bySource[source] else { return }
    bySource[source] = count > 1 ? count - 1 : nil
  }

  private static func sentence(_ limit: Int) -> String {
    "your address has its \(limit) connections: close one, or try again later"
  }

  private mutating func refuse(_ reason: String) -> Decision {
    guard refused < Self.maximumRefusals else { return .drop }
    refused += 1
    return .refuse(reason: reason)
  }

  /// The connection that got `decision` is closed.
  mutating func release(_ decision: Decision, from source: Source?) {
    switch decision {
    case .drop: break
    case .refuse: refused -= 1
    case .admit:
      admitted -= 1
      if let source { leave(source) }
    }
  }

  /// Addresses with an open connection.
  var sources: Int { bySource.count }
}

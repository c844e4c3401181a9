/// The peers that are believed when they say whom they speak for.
package struct TrustedProxies: Hashable, Sendable {
  /// Whom a request comes from.
  package enum Origin: Hashable, Sendable {
    /// The peer itself.
    case peer
    case forwarded(ForwardedAddress)
    /// The peer itself, for what its proxy says makes no sense: the member that is no address.
    case malformed(String)
  }

  private var ranges: [AddressRange] = []
  private var trustsUnixSocket = false

  /// - Parameter entries: addresses and blocks of them, and `unix` for whoever connects over the Unix-domain socket.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the first entry that is none of these.
  package init(_ entries: [String]) throws(HookupError) {
    for entry in entries {
      if entry == "unix" {
        trustsUnixSocket = true
      } else if let range = AddressRange(entry) {
        ranges.append(range)
      } else {
        throw HookupError(
          .invalidArgument,
          "an entry of trustedProxies is '\(String(entry.prefix(64)))'; it must be an address like \"127.0.0.1\", a block "
            + "like \"10.0.0.0/8\" or \"fd00::/8\", or \"unix\"")
      }
    }
  }

  package var isEmpty: Bool { ranges.isEmpty && !trustsUnixSocket }

  /// - Parameter peer: nil: over a Unix-domain socket.
  package func trusts(_ peer: IPAddress?) -> Bool {
    guard let peer else { return trustsUnixSocket }
    return ranges.contains { $0.contains(peer) }
  }

  /// Reads `X-Forwarded-For` from its end, where the nearest proxy has put who asked it: the first address that is no trusted proxy's
  /// counts, for what stands before it is that one's own tale. When all are trusted the outermost counts.
  /// - Parameters:
  ///   - peer: who is connected; from one that is not trusted the header is not looked at.
  ///   - members: of all header lines, in order, trimmed, without empty ones.
  package func origin(of peer: IPAddress?, forwardedFor members: [String]) -> Origin {
    guard trusts(peer) else { return .peer }
    var outermost = Origin.peer
    for member in members.reversed() {
      guard let forwarded = ForwardedAddress(member) else { return .malformed(member) }
      outermost = .forwarded(forwarded)
      guard trusts(forwarded.address) else { break }
    }
    return outermost
  }
}

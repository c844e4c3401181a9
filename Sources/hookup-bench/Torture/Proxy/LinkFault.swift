/// Something that a network does to one connection.
enum LinkFault: Hashable, Sendable {
  /// Both sides see an orderly end (FIN), wherever in a message that falls.
  case cut
  /// Half of what was read is passed on, then both sides see a reset (RST).
  case reset
  /// What goes one way vanishes, as if the network had taken it; a reset ends it.
  case blackhole(LinkDirection, for: Duration)
  /// One way, one byte a second passes.
  case trickle(LinkDirection, for: Duration)
  /// Both ways, the first bytes of each read pass one at a time.
  case split(for: Duration)
  /// Both ways, each read waits before it passes.
  case delay(Duration, for: Duration)

  enum Kind: String, CaseIterable, Sendable {
    case cut, reset, blackhole, trickle, split, delay
  }

  var kind: Kind {
    switch self {
    case .cut: .cut
    case .reset: .reset
    case .blackhole: .blackhole
    case .trickle: .trickle
    case .split: .split
    case .delay: .delay
    }
  }

  /// How long it lasts; nil for one that ends the connection at once.
  var duration: Duration? {
    switch self {
    case .cut, .reset: nil
    case .blackhole(_, let time), .trickle(_, let time), .split(let time), .delay(_, let time): time
    }
  }
}

/// Which way bytes go through a proxy.
enum LinkDirection: Hashable, Sendable, CaseIterable {
  case toServer, toClient

  var other: LinkDirection { self == .toServer ? .toClient : .toServer }
}

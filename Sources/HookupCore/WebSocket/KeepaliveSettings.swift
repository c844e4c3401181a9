/// When silence becomes a ping, and an unanswered ping the end of the connection.
public struct KeepaliveSettings: Hashable, Sendable {
  /// Silence of the peer, no byte of any kind, after which it is pinged; each wait varies by ±10 %, so that many
  /// connections do not ping at once. 15 s by default. Shorter: traffic and wake-ups for nothing. Longer: a half-open
  /// connection is noticed later, and address translators forget an idle one after 30 s to some minutes.
  public var pingAfter: Duration
  /// How long after the ping the peer may stay silent before the connection counts as dead and is dropped. 10 s by
  /// default. Shorter: a slow network looks like a dead one. Longer: what is sent meanwhile goes nowhere.
  public var deadAfter: Duration
  /// How long after the ping the connection is reported as stalled, ``deadAfter`` at the latest. 2 s by default.
  /// Shorter than a round trip: reported at every ping. Long: the report comes when it is over.
  public var stalledAfter: Duration

  public init(
    pingAfter: Duration = .seconds(15), deadAfter: Duration = .seconds(10),
    stalledAfter: Duration = .seconds(2)
  ) {
    self.pingAfter = pingAfter
    self.deadAfter = deadAfter
    self.stalledAfter = stalledAfter
  }
}

/// When and how often a client dials again after a connection was lost or could not be opened.
///
/// The delays are drawn at random so that the clients of a server that comes back do not all come at once: the first
/// from 0…`firstDelay`, the n-th after it from 0…min(`maximumDelay`, `base`·2ⁿ).
public struct ReconnectPolicy: Hashable, Sendable {
  /// How many attempts in a row may fail before the client gives up.
  public enum Attempts: Hashable, Sendable {
    case forever
    case never
    /// So many, at least 1. The count starts again once the connection has proved itself.
    case maximum(Int)
  }

  /// Default: for ever.
  public var attempts: Attempts
  /// The most the first retry waits. Default 1 s; 0 lets all clients of a restarted server dial at once.
  public var firstDelay: Duration
  /// What doubles from retry to retry. Default 0.5 s.
  public var base: Duration
  /// The most any retry waits. Default 30 s; longer makes people wait after a long outage, shorter loads a sick server.
  public var maximumDelay: Duration
  /// How long a connection must be up, without any ack, to count as proved. Default 30 s; 0 lets a server that accepts
  /// and closes be dialled without pause.
  public var provenAfter: Duration

  public init(
    attempts: Attempts = .forever, firstDelay: Duration = .seconds(1),
    base: Duration = .milliseconds(500), maximumDelay: Duration = .seconds(30),
    provenAfter: Duration = .seconds(30)
  ) {
    self.attempts = attempts
    self.firstDelay = firstDelay
    self.base = base
    self.maximumDelay = maximumDelay
    self.provenAfter = provenAfter
  }

  public static let forever = ReconnectPolicy()
  public static let never = ReconnectPolicy(attempts: .never)

  /// The wait before retry number `attempt` (from 1), or nil when the client is to give up.
  package func delay(
    beforeAttempt attempt: Int, drawnFrom random: inout RandomSource
  ) -> Duration? {
    switch attempts {
    case .never: return nil
    case .maximum(let limit) where attempt > limit: return nil
    case .forever, .maximum: break
    }
    guard attempt > 1 else { return random.duration(upTo: firstDelay) }
    // 2^40 half seconds are 17,000 years: the bound only keeps the shift in range.
    let doubled = base * (1 << min(attempt - 1, 40))
    return random.duration(upTo: min(maximumDelay, doubled))
  }

  /// What the end of a connection means for the next attempt, by its close code.
  package enum Verdict: Hashable, Sendable {
    /// Dialling again would end the same way: credentials, version, superseded.
    case stop
    case backOff
    /// The peer asks to come back at once; the first such retry waits for nothing.
    case immediately
  }

  package static func verdict(forCloseCode code: UInt16) -> Verdict {
    switch code {
    case 4000...4099: .stop
    case 4200...4299: .immediately
    default: .backOff
    }
  }
}

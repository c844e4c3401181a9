/// Whether what is said can be stored, as the tries so far have shown it.
///
/// A failure counts until something is stored again; who drives it tries that from time to time (``wantsProbe``).
public struct StoreHealth: Hashable, Sendable {
  public enum State: Hashable, Sendable {
    /// The last try succeeded, or there was none. Can transition to failing, damaged.
    case writable
    /// All tries failed since `milliseconds` (since 1970); `reason` is that of the last one. Can transition to writable, damaged.
    case failing(reason: String, since: Int64)
    /// A page that was read or written is damaged. What can be stored still is. Final: only a start looks at the whole file.
    case damaged(reason: String, since: Int64)
  }

  package enum Event: Hashable, Sendable {
    case appended
    /// At `milliseconds` since 1970.
    case appendFailed(reason: String, at: Int64)
    case foundDamage(reason: String, at: Int64)
  }

  public private(set) var state = State.writable

  package init() {}

  package mutating func handle(_ event: Event) {
    switch (event, state) {
    case (_, .damaged): break
    case (.appended, _): state = .writable
    case (.appendFailed(let reason, let milliseconds), .writable):
      state = .failing(reason: reason, since: milliseconds)
    case (.appendFailed(let reason, _), .failing(_, let since)):
      state = .failing(reason: reason, since: since)
    case (.foundDamage(let reason, let milliseconds), _):
      state = .damaged(reason: reason, since: milliseconds)
    }
  }

  /// Whether something is to be stored only to see whether it can be.
  package var wantsProbe: Bool { if case .failing = state { true } else { false } }
}

/// Whether what is said can be stored, as the tries so far have shown it.
///
/// A failure counts until something is stored again: a store that nobody writes to meanwhile stays as it was last seen.
public struct StoreHealth: Hashable, Sendable {
  public enum State: Hashable, Sendable {
    /// The last try succeeded, or there was none. Can transition to failing.
    case writable
    /// All tries failed since `milliseconds` (since 1970); `reason` is that of the last one. Can transition to writable.
    case failing(reason: String, since: Int64)
  }

  package enum Event: Hashable, Sendable {
    case appended
    /// At `milliseconds` since 1970.
    case appendFailed(reason: String, at: Int64)
  }

  public private(set) var state = State.writable

  package init() {}

  package mutating func handle(_ event: Event) {
    switch (event, state) {
    case (.appended, _): state = .writable
    case (.appendFailed(let reason, let milliseconds), .writable):
      state = .failing(reason: reason, since: milliseconds)
    case (.appendFailed(let reason, _), .failing(_, let since)):
      state = .failing(reason: reason, since: since)
    }
  }
}

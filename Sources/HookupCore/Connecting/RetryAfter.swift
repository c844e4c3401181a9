/// How long a server asks to wait before the next attempt: `Retry-After` (RFC 9110 §10.2.3).
package enum RetryAfter {
  /// The longest wait that is read, seconds: a day.
  package static let maximumSeconds: Int64 = 86_400

  /// A number of seconds, or a date in any of HTTP's three forms, taken against the answer's own `Date` (so that a wrong clock
  /// on either side does not matter), else against `now`. A date that has passed is no wait. Nil when there is none, or
  /// none that can be read.
  ///
  /// - Parameter now: seconds since 1970; nil when no clock is at hand: a date then needs the answer's `Date`.
  package static func wait(in headers: WebSocketHandshake.Headers, now: Int64?) -> Duration? {
    guard let text = WebSocketHandshake.values("Retry-After", in: headers).first else { return nil }
    if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return UInt32(text).map { .seconds(min(Int64($0), maximumSeconds)) }
    }
    let date = WebSocketHandshake.values("Date", in: headers).first
    guard let base = date.flatMap({ HTTPDate.parse($0, now: now ?? 0) }) ?? now,
      let until = HTTPDate.parse(text, now: base)
    else { return nil }
    return .seconds(min(max(until - base, 0), maximumSeconds))
  }
}

/// The messages of one connection that were sent and not answered: numbered from 1, at most so many at a time, each with
/// the time it was sent.
///
/// Answers may come in any order; a number is free for reuse of its place only when it was answered, so a message that
/// is never answered holds back the numbers that would share its place.
struct OutstandingWindow {
  /// How many may be outstanding, at least 1.
  let limit: Int
  private(set) var outstanding = 0
  private var lastNumber: UInt64 = 0
  private var oldestOpen: UInt64 = 1
  private var places: [Place]
  private let mask: UInt64

  private struct Place {
    /// 0 when nothing is outstanding here.
    var number: UInt64 = 0
    var sentAt: UInt64 = 0
  }

  init(limit: Int) {
    self.limit = max(1, limit)
    var size = 1
    while size < self.limit { size *= 2 }
    places = Array(repeating: Place(), count: size)
    mask = UInt64(size - 1)
  }

  /// Takes the next number for a message sent at `time`, nanoseconds; nil when there is no room.
  mutating func open(at time: UInt64) -> UInt64? {
    let number = lastNumber + 1
    let place = Int(truncatingIfNeeded: number & mask)
    guard outstanding < limit, places[place].number == 0 else { return nil }
    places[place] = Place(number: number, sentAt: time)
    lastNumber = number
    outstanding += 1
    return number
  }

  /// An answer came: when its message was sent, nil when none with this number is outstanding.
  mutating func close(_ number: UInt64) -> UInt64? {
    let place = Int(truncatingIfNeeded: number & mask)
    guard number != 0, places[place].number == number else { return nil }
    places[place].number = 0
    outstanding -= 1
    return places[place].sentAt
  }

  /// The lowest number that is outstanding; nil when nothing is. What comes back in order is the answer to this one.
  mutating func oldest() -> UInt64? {
    guard outstanding > 0 else { return nil }
    // Everything below was answered, so this walks over each number once.
    while places[Int(truncatingIfNeeded: oldestOpen & mask)].number != oldestOpen {
      oldestOpen += 1
    }
    return oldestOpen
  }

  /// When the oldest was sent.
  mutating func oldestSentAt() -> UInt64? {
    oldest().map { places[Int(truncatingIfNeeded: $0 & mask)].sentAt }
  }
}

/// Which of the messages under way have reached everybody: each is told once by each of so many parts.
struct DeliveryLedger {
  private let parts: Int
  private var told: [Int]
  private let mask: UInt64

  /// - Parameters:
  ///   - window: how many messages may be under way at a time, at least 1.
  ///   - parts: how many have to tell of each, at least 1.
  init(window: Int, parts: Int) {
    self.parts = max(1, parts)
    var size = 1
    while size < window { size *= 2 }
    told = Array(repeating: 0, count: size)
    mask = UInt64(size - 1)
  }

  /// One part tells of one message; true when it was the last part to do so.
  mutating func delivered(_ number: UInt64) -> Bool {
    let place = Int(truncatingIfNeeded: number & mask)
    told[place] += 1
    guard told[place] == parts else { return false }
    told[place] = 0
    return true
  }
}

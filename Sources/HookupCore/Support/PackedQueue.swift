/// What a ``PackedQueue`` keeps for 64 neighbouring numbers, one ``Column`` for each property.
package protocol PackedColumns: Sendable {
  associatedtype Value: Sendable
  /// All slots hold `value`.
  init(_ value: Value)
  /// Slots are 0..<64. One that was never set holds anything.
  subscript(slot: Int) -> Value { get set }
}

/// Many small values by rising sequence: added at the end, removed anywhere, looked up by sequence.
///
/// Numbers are kept in blocks of 64, and what is alike for all of a block takes no room for each of them. A block's memory goes
/// with its last value. Adding and removing cost a constant, a lookup at most a binary search over blocks; growing never copies
/// the values.
package struct PackedQueue<Columns: PackedColumns>: Sendable {
  package typealias Value = Columns.Value

  private struct Block: Sendable {
    /// The sequence of slot 0, divided by 64.
    let number: UInt64
    /// Bit by bit, which slots hold a value.
    var present: UInt64
    var columns: Columns

    var lowest: UInt64 { number << 6 | UInt64(present.trailingZeroBitCount) }
    var highest: UInt64 { number << 6 | UInt64(63 - present.leadingZeroBitCount) }

    /// Which slots lie in `range`.
    func mask(_ range: ClosedRange<UInt64>) -> UInt64 {
      let first = number << 6
      guard range.lowerBound <= first | 63, range.upperBound >= first else { return 0 }
      let below = range.lowerBound > first ? range.lowerBound - first : 0
      let above = range.upperBound < first | 63 ? (first | 63) - range.upperBound : 0
      return (UInt64.max << below) & (UInt64.max >> above)
    }
  }

  /// By rising number; those before `head` are spent. The first from there and the last are never hollow.
  private var blocks: [Block] = []
  private var head = 0
  /// Blocks from `head` on without a value.
  private var hollow = 0
  /// The highest sequence that is held.
  private var last: UInt64 = 0
  /// How many values there are.
  package private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { count == 0 }
  /// The lowest sequence that is held.
  package var firstSequence: UInt64? { head < blocks.count ? blocks[head].lowest : nil }

  /// The lowest sequence that is held, from `sequence` on.
  package func firstSequence(from sequence: UInt64) -> UInt64? {
    var index = index(of: sequence >> 6)
    while index < blocks.count {
      let present = blocks[index].present & blocks[index].mask(sequence...UInt64.max)
      if present != 0 { return blocks[index].number << 6 | UInt64(present.trailingZeroBitCount) }
      index += 1
    }
    return nil
  }

  package func contains(_ sequence: UInt64) -> Bool { place(of: sequence) != nil }

  package subscript(sequence: UInt64) -> Value? {
    place(of: sequence).map { blocks[$0].columns[Int(sequence & 63)] }
  }

  /// - Returns: false, and nothing changes, unless `sequence` is above all that are held.
  @discardableResult
  package mutating func append(_ value: Value, at sequence: UInt64) -> Bool {
    if count > 0, last >= sequence { return false }
    let bit: UInt64 = 1 << (sequence & 63)
    if let end = blocks.indices.last, end >= head, blocks[end].number == sequence >> 6 {
      blocks[end].columns[Int(sequence & 63)] = value
      blocks[end].present |= bit
    } else {
      blocks.append(Block(number: sequence >> 6, present: bit, columns: Columns(value)))
    }
    last = sequence
    count += 1
    return true
  }

  /// Changes the value at `sequence`, if there is one, where it lies: `body` gets the columns and its slot.
  package mutating func update(_ sequence: UInt64, _ body: (inout Columns, Int) -> Void) {
    guard let index = place(of: sequence) else { return }
    body(&blocks[index].columns, Int(sequence & 63))
  }

  @discardableResult
  package mutating func remove(_ sequence: UInt64) -> Value? {
    guard let index = place(of: sequence) else { return nil }
    let value = blocks[index].columns[Int(sequence & 63)]
    take(1 << (sequence & 63), from: index)
    tidy()
    return value
  }

  /// Removes what lies in `range`, in order. Costs what is there, however wide the range.
  package mutating func removeAll(
    in range: ClosedRange<UInt64>, _ body: (UInt64, Value) -> Void = { _, _ in }
  ) {
    var index = index(of: range.lowerBound >> 6)
    while index < blocks.count, blocks[index].number <= range.upperBound >> 6 {
      let taken = blocks[index].present & blocks[index].mask(range)
      var rest = taken
      while rest != 0 {
        let slot = rest.trailingZeroBitCount
        rest &= rest - 1
        body(blocks[index].number << 6 | UInt64(slot), blocks[index].columns[slot])
      }
      if taken != 0 { take(taken, from: index) }
      index += 1
    }
    tidy()
  }

  /// Walks from the first sequence that is `sequence` or above, until `body` returns false.
  package func walk(from sequence: UInt64 = 0, _ body: (UInt64, Value) -> Bool) {
    for index in index(of: sequence >> 6)..<blocks.count {
      var rest = blocks[index].present & blocks[index].mask(sequence...UInt64.max)
      while rest != 0 {
        let slot = rest.trailingZeroBitCount
        rest &= rest - 1
        guard body(blocks[index].number << 6 | UInt64(slot), blocks[index].columns[slot])
        else { return }
      }
    }
  }

  // MARK: Blocks

  /// Empties the slots of `mask`, all of which hold a value.
  private mutating func take(_ mask: UInt64, from index: Int) {
    blocks[index].present &= ~mask
    count -= mask.nonzeroBitCount
    // What is left of a block that was full takes the room of one.
    let rest = blocks[index].present
    if rest & (rest &- 1) == 0 {
      blocks[index].columns = Columns(blocks[index].columns[rest.trailingZeroBitCount & 63])
    }
    if rest == 0 { hollow += 1 }
  }

  private mutating func tidy() {
    guard count > 0 else {
      // What grew for a long backlog is given back.
      blocks.removeAll(keepingCapacity: blocks.count <= 64)
      head = 0
      hollow = 0
      return
    }
    if hollow > 0 {
      while blocks[head].present == 0 {
        head += 1
        hollow -= 1
      }
      while let end = blocks.last, end.present == 0 {
        blocks.removeLast()
        hollow -= 1
      }
    }
    if let end = blocks.last { last = end.highest }
    if head > 64, head > blocks.count / 2 {
      blocks.removeFirst(head)
      head = 0
    }
    if hollow > 64, hollow > (blocks.count - head) / 2 {
      blocks = blocks[head...].filter { $0.present != 0 }
      head = 0
      hollow = 0
    }
  }

  /// Blocks that are kept, and those of them without a value: as counted, and as found.
  var blockCounts: (all: Int, hollow: Int, found: Int) {
    (blocks.count, hollow, blocks[head...].count { $0.present == 0 })
  }

  /// The block that holds a value for `sequence`.
  private func place(of sequence: UInt64) -> Int? {
    let index = index(of: sequence >> 6)
    guard index < blocks.count, blocks[index].number == sequence >> 6,
      blocks[index].present >> (sequence & 63) & 1 == 1
    else { return nil }
    return index
  }

  /// The first block, from `head` on, whose number is `number` or above.
  private func index(of number: UInt64) -> Int {
    guard head < blocks.count, number > blocks[head].number else { return head }
    // Blocks mostly follow one another without a hole: then this is the place.
    if let guess = Int(exactly: number - blocks[head].number), guess < blocks.count - head,
      blocks[head + guess].number == number
    {
      return head + guess
    }
    var low = head
    var high = blocks.count
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension PackedQueue: Sequence {
  package struct Iterator: IteratorProtocol {
    fileprivate let queue: PackedQueue
    fileprivate var position: UInt64 = 0

    package mutating func next() -> (sequence: UInt64, value: Value)? {
      guard let sequence = queue.firstSequence(from: position), let value = queue[sequence]
      else { return nil }
      position = sequence + 1
      return (sequence, value)
    }
  }

  package func makeIterator() -> Iterator { Iterator(queue: self) }
  package var underestimatedCount: Int { count }
}

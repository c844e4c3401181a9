import NIOCore

/// Values by rising sequence: added at the end, removed anywhere, looked up by sequence.
///
/// Adding and removing at the front cost a constant, a lookup at most a binary search. A removed value leaves an empty
/// slot until the front reaches it or empty slots outnumber the rest.
package struct SequenceQueue<Value: Sendable>: Sendable {
  private struct Slot {
    let sequence: UInt64
    var value: Value?
  }

  private var slots = CircularBuffer<Slot>(initialCapacity: 1)
  /// The sequence of the last slot, so that appending does not look at its value.
  private var last: UInt64 = 0
  /// How many values there are.
  package private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { count == 0 }
  package var first: (sequence: UInt64, value: Value)? {
    slots.first.flatMap { slot in slot.value.map { (slot.sequence, $0) } }
  }

  package subscript(sequence: UInt64) -> Value? {
    let offset = offset(of: sequence)
    guard offset < slots.count, slots[offset: offset].sequence == sequence else { return nil }
    return slots[offset: offset].value
  }

  /// - Returns: false, and nothing changes, unless `sequence` is above all that are held.
  @discardableResult
  package mutating func append(_ value: Value, at sequence: UInt64) -> Bool {
    if !slots.isEmpty, last >= sequence { return false }
    slots.append(Slot(sequence: sequence, value: value))
    last = sequence
    count += 1
    return true
  }

  /// Makes room for as many values in all, so that it need not grow.
  package mutating func reserve(_ count: Int) { slots.reserveCapacity(count) }

  /// Replaces the value at `sequence`, if there is one.
  package mutating func replace(_ value: Value, at sequence: UInt64) {
    let offset = offset(of: sequence)
    guard offset < slots.count, slots[offset: offset].sequence == sequence,
      slots[offset: offset].value != nil
    else { return }
    slots[offset: offset].value = value
  }

  @discardableResult
  package mutating func remove(_ sequence: UInt64) -> Value? {
    var removed: Value?
    removeAll(in: sequence...sequence) { removed = $1 }
    return removed
  }

  @discardableResult
  package mutating func removeFirst() -> Value? {
    guard count > 0 else { return nil }
    // The first slot is never an empty one.
    let slot = slots.removeFirst()
    count -= 1
    tidy()
    return slot.value
  }

  /// Removes what lies in `range`, in order. Costs what is there, however wide the range.
  package mutating func removeAll(
    in range: ClosedRange<UInt64>, _ body: (UInt64, Value) -> Void = { _, _ in }
  ) {
    var offset = offset(of: range.lowerBound)
    while offset < slots.count, slots[offset: offset].sequence <= range.upperBound {
      if let value = slots[offset: offset].value {
        slots[offset: offset].value = nil
        count -= 1
        body(slots[offset: offset].sequence, value)
      }
      offset += 1
    }
    tidy()
  }

  /// Walks from the first sequence that is `sequence` or above, until `body` returns false.
  package func walk(from sequence: UInt64 = 0, _ body: (UInt64, Value) -> Bool) {
    var offset = offset(of: sequence)
    while offset < slots.count {
      let slot = slots[offset: offset]
      if let value = slot.value, !body(slot.sequence, value) { return }
      offset += 1
    }
  }

  private mutating func tidy() {
    if count == 0 {
      // A buffer that grew for a long backlog is given back.
      slots.removeAll(keepingCapacity: slots.count <= 64)
      return
    }
    if count == slots.count { return }
    while let slot = slots.first, slot.value == nil { slots.removeFirst() }
    while let slot = slots.last, slot.value == nil { slots.removeLast() }
    last = slots.last?.sequence ?? 0
    if slots.count > 64, slots.count > 2 * count {
      var kept = CircularBuffer<Slot>(initialCapacity: count)
      for slot in slots where slot.value != nil { kept.append(slot) }
      slots = kept
    }
  }

  /// The offset of the first slot whose sequence is `sequence` or above.
  private func offset(of sequence: UInt64) -> Int {
    guard let first = slots.first?.sequence, sequence > first else { return 0 }
    // Sequences mostly follow one another without a hole: then this is the place.
    if let guess = Int(exactly: sequence - first), guess < slots.count,
      slots[offset: guess].sequence == sequence
    {
      return guess
    }
    var low = 0
    var high = slots.count
    while low < high {
      let middle = (low + high) / 2
      if slots[offset: middle].sequence < sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

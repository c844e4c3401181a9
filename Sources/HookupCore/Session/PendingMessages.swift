/// The messages of an outbox that are not settled, by their numbers, without their payloads.
///
/// Memory follows what differs between neighbours: 8 bytes a message where each has a tag of its own, next to nothing where they
/// are alike but for the number. A copy shares it.
package struct PendingMessages: Sendable {
  package struct Message: Hashable, Sendable {
    package var sequence: UInt64
    /// How long the payload is; 2^32-1 for anything above.
    package var bytes: Int
    /// Nil when it wants no ack. Whole nanoseconds.
    package var ackTimeout: Duration?
    /// 0 when it has none.
    package var tag: UInt64

    package init(sequence: UInt64, bytes: Int, ackTimeout: Duration?, tag: UInt64 = 0) {
      self.sequence = sequence
      self.bytes = bytes
      self.ackTimeout = ackTimeout
      self.tag = tag
    }
  }

  struct Columns: PackedColumns {
    struct Value {
      var bytes: UInt32
      var ackTimeout: Int64
      var tag: UInt64
      var tries: UInt32 = 0
    }

    var bytes: Column<UInt32>
    /// Nanoseconds; ``PendingMessages/noTimeout`` for none.
    var ackTimeout: Column<Int64>
    var tag: Column<UInt64>
    /// How often it was sent.
    var tries: Column<UInt32>

    init(_ value: Value) {
      bytes = Column(value.bytes)
      ackTimeout = Column(value.ackTimeout)
      tag = Column(value.tag)
      tries = Column(value.tries)
    }

    subscript(slot: Int) -> Value {
      get {
        Value(
          bytes: bytes[slot], ackTimeout: ackTimeout[slot], tag: tag[slot], tries: tries[slot])
      }
      set {
        bytes[slot] = newValue.bytes
        ackTimeout[slot] = newValue.ackTimeout
        tag[slot] = newValue.tag
        tries[slot] = newValue.tries
      }
    }
  }

  private static let noTimeout = Int64.min

  private var messages = PackedQueue<Columns>()

  package init() {}

  package var count: Int { messages.count }
  package var isEmpty: Bool { messages.isEmpty }
  package var first: Message? { messages.firstSequence.flatMap { self[$0] } }
  /// The lowest number, without a look at its message.
  package var firstSequence: UInt64? { messages.firstSequence }

  /// The lowest number from `sequence` on.
  package func firstSequence(from sequence: UInt64) -> UInt64? {
    messages.firstSequence(from: sequence)
  }

  package func contains(_ sequence: UInt64) -> Bool { messages.contains(sequence) }

  package subscript(sequence: UInt64) -> Message? {
    messages[sequence].map { Message(sequence, $0) }
  }

  /// - Returns: false, and nothing changes, unless its number is above all that are held.
  @discardableResult
  package mutating func append(_ message: Message) -> Bool {
    messages.append(
      Columns.Value(
        bytes: UInt32(clamping: message.bytes),
        ackTimeout: message.ackTimeout?.wholeNanoseconds ?? Self.noTimeout, tag: message.tag),
      at: message.sequence)
  }

  @discardableResult
  package mutating func remove(_ sequence: UInt64) -> Message? {
    messages.remove(sequence).map { Message(sequence, $0) }
  }

  package mutating func removeAll(in range: ClosedRange<UInt64>) { messages.removeAll(in: range) }

  /// Counts that it is sent once more.
  package mutating func countTry(_ sequence: UInt64) {
    messages.update(sequence) { columns, slot in columns.tries[slot] &+= 1 }
  }

  /// How often it was sent.
  package func tries(_ sequence: UInt64) -> Int { messages[sequence].map { Int($0.tries) } ?? 0 }
}

extension PendingMessages.Message {
  fileprivate init(_ sequence: UInt64, _ value: PendingMessages.Columns.Value) {
    self.init(
      sequence: sequence, bytes: Int(value.bytes),
      ackTimeout: value.ackTimeout == Int64.min ? nil : .nanoseconds(value.ackTimeout),
      tag: value.tag)
  }
}

extension PendingMessages: Sequence {
  package struct Iterator: IteratorProtocol {
    fileprivate var messages: PackedQueue<Columns>.Iterator

    package mutating func next() -> Message? {
      messages.next().map { Message($0.sequence, $0.value) }
    }
  }

  package func makeIterator() -> Iterator { Iterator(messages: messages.makeIterator()) }
  package var underestimatedCount: Int { count }
}

extension PendingMessages: Hashable {
  package static func == (left: Self, right: Self) -> Bool {
    left.count == right.count && left.elementsEqual(right)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for message in self { hasher.combine(message) }
  }
}

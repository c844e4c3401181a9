import Testing

@testable import HookupCore

@Suite struct PendingMessagesTests {
  private func message(_ sequence: UInt64) -> PendingMessages.Message {
    PendingMessages.Message(
      sequence: sequence, bytes: Int(sequence % 3) * 50,
      ackTimeout: sequence % 5 == 0 ? nil : .milliseconds(Int64(sequence % 1_000)),
      tag: sequence &* 0x9E37_79B9_7F4A_7C15)
  }

  private func filled(_ sequences: some Sequence<UInt64>) -> PendingMessages {
    var pending = PendingMessages()
    for sequence in sequences { pending.append(message(sequence)) }
    return pending
  }

  @Test func `each message comes back as it was put in`() {
    let numbers: [UInt64] = Array(3...130) + [1_000, 9_007_199_254_740_991]
    let pending = filled(numbers)
    let isSame = Array(pending) == numbers.map(message)
    #expect(isSame)
    #expect(pending.first == message(3))
    #expect(pending[1_000] == message(1_000))
    #expect(pending[999] == nil)
    #expect(pending.contains(130) && !pending.contains(131))
    #expect(pending.firstSequence(from: 131) == 1_000)
    #expect(pending.count == numbers.count)
  }

  @Test func `a timeout of nothing is not the lack of one`() {
    var pending = PendingMessages()
    pending.append(.init(sequence: 1, bytes: 0, ackTimeout: .zero))
    pending.append(.init(sequence: 2, bytes: (1 << 32) + 5, ackTimeout: nil, tag: .max))
    pending.append(.init(sequence: 3, bytes: 0, ackTimeout: .nanoseconds(1)))
    #expect(pending.map(\.ackTimeout) == [.zero, nil, .nanoseconds(1)])
    #expect(pending.map(\.tag) == [0, .max, 0])
    #expect(pending.map(\.bytes) == [0, Int(UInt32.max), 0])
  }

  @Test func `what is taken out is gone, whether by one or by range`() {
    var pending = filled(1...200)
    let removed = pending.remove(70)
    #expect(removed == message(70))
    let again = pending.remove(70)
    #expect(again == nil)
    pending.removeAll(in: 2...150)
    #expect(pending.map(\.sequence) == [1] + Array(151...200))
    let isTaken = pending.append(message(200))
    #expect(!isTaken)
  }

  @Test func `tries are counted for each message`() {
    var pending = filled(1...3)
    for sequence: UInt64 in [2, 2, 3, 4] { pending.countTry(sequence) }
    #expect((1...4).map { pending.tries($0) } == [0, 2, 1, 0])
    #expect(pending[2] == message(2))
  }

  @Test func `two with the same messages are equal, however they came to be`() {
    var pending = filled(1...100)
    pending.removeAll(in: 1...90)
    #expect(pending == filled(91...100))
    #expect(pending.hashValue == filled(91...100).hashValue)
    #expect(pending != filled(91...101))
    #expect(pending != filled(90...99))
  }
}

import Testing

@testable import HookupCore

struct SendWindowTests {
  private let start = MonotonicInstant.zero

  private func window(messages: Int, ackTimeout: Duration? = .seconds(5)) -> SendWindow {
    var window = SendWindow(nextSequence: 1, pending: [])
    for _ in 0..<messages { _ = window.append(bytes: 10, ackTimeout: ackTimeout) }
    window.confirm(through: UInt64(messages))
    return window
  }

  @Test func `numbers count up from one and nothing is sent before it is durable`() {
    var window = SendWindow(nextSequence: 1, pending: [])
    #expect(window.append(bytes: 10, ackTimeout: nil) == 1)
    #expect(window.append(bytes: 10, ackTimeout: nil) == 2)
    #expect(!window.hasWaiting)
    #expect(window.transmit(1, at: start, acking: .each) == .skip)
    window.confirm(through: 1)
    #expect(window.hasWaiting)
    #expect(window.transmit(1, at: start, acking: .each) == .send(id: nil))
    #expect(window.transmit(2, at: start, acking: .each) == .skip)
  }

  @Test func `ack ids count from one on each connection and name what travelled under them`() {
    var window = window(messages: 3)
    #expect(window.transmit(1, at: start, acking: .each) == .send(id: 1))
    #expect(window.transmit(2, at: start, acking: .each) == .send(id: 2))
    #expect(window.acknowledge(2) == 2)
    #expect(window.acknowledge(2) == nil, "a second ack is harmless")
    #expect(window.acknowledge(99) == nil, "an unknown one too")
    window.beginConnection()
    #expect(window.cursor == 1)
    #expect(window.transmit(1, at: start, acking: .each) == .send(id: 1))
    #expect(window.cursor == 3, "what was acked is not sent again")
    #expect(window.transmit(3, at: start, acking: .each) == .send(id: 2))
    #expect(window.acknowledge(2) == 3)
    #expect(window.acknowledge(1) == 1)
    #expect(
      window.count == 0 && window.bytes == 0 && window.inFlightCount == 0
        && window.inFlightBytes == 0)
    #expect(window.first == 4)
  }

  @Test func `an overdue ack is reported once for each time the message was sent`() {
    var window = window(messages: 2)
    _ = window.transmit(1, at: start, acking: .each)
    _ = window.transmit(2, at: start + .seconds(1), acking: .each)
    #expect(window.nextDeadline == start + .seconds(5))
    #expect(window.expire(at: start + .seconds(4)) == [])
    #expect(window.expire(at: start + .seconds(5)) == [1])
    #expect(window.nextDeadline == start + .seconds(6))
    #expect(window.expire(at: start + .seconds(9)) == [2])
    #expect(window.expire(at: start + .seconds(99)) == [])
    #expect(window.acknowledge(1) == 1, "a late ack still settles")
    window.beginConnection()
    _ = window.transmit(2, at: start + .seconds(100), acking: .each)
    #expect(window.expire(at: start + .seconds(105)) == [2])
    #expect(window.pendingAcks(limit: 9).map(\.tries) == [2])
  }

  @Test func `a recovered outbox keeps its numbers and its holes`() {
    var window = SendWindow(
      nextSequence: 10,
      pending: [(5, 100, nil, 7), (8, 50, .seconds(1), 8)])
    #expect(window.first == 5 && window.next == 10 && window.count == 2 && window.bytes == 150)
    #expect(window.unsettled == [5, 8])
    #expect(window.transmit(5, at: start, acking: .each) == .send(id: nil))
    #expect(window.cursor == 8)
    window.settle(5)
    #expect(window.first == 8)
    #expect(window.append(bytes: 1, ackTimeout: nil) == 10)
    var empty = SendWindow(nextSequence: 10, pending: [])
    #expect(empty.append(bytes: 1, ackTimeout: nil) == 10)
  }

  @Test func `messages of another process are taken over with size, timeout and tag`() {
    var pending = PendingMessages()
    for sequence: UInt64 in [3, 4, 90] {
      pending.append(
        .init(sequence: sequence, bytes: 100, ackTimeout: .seconds(1), tag: sequence * 7))
    }
    var window = SendWindow(nextSequence: 100, pending: pending)
    #expect(window.first == 3 && window.next == 100 && window.cursor == 3)
    #expect(window.count == 3 && window.bytes == 300 && window.hasWaiting)
    #expect([3, 4, 5, 90].map { window.tag(of: $0) } == [21, 28, nil, 630])
    #expect(window.transmit(90, at: start, acking: .each) == .send(id: 1))
    #expect(window.nextDeadline == start + .seconds(1))
    #expect(window.cursor == 100 && !window.hasWaiting)
    let settled = window.settle(through: 95)
    #expect(settled.map(\.numbers) == [3...4, 90...90])
    #expect(window.first == 100 && window.bytes == 0 && window.inFlightBytes == 0)
  }

  @Test func `one that is not acked leaves those after it free to go`() {
    var window = window(messages: 500)
    while window.hasWaiting { _ = window.transmit(window.cursor, at: start, acking: .each) }
    for id: UInt64 in 2...500 {
      let sequence = window.acknowledge(id)
      #expect(sequence == id)
    }
    #expect(window.first == 1 && window.count == 1 && window.inFlightCount == 1)
    #expect(window.inFlightBytes == 10 && window.bytes == 10)
    #expect(window.isUnsettled(1) && !window.isUnsettled(2))
    #expect(window.largestInFlight == 1)
    #expect(window.pendingAcks(limit: 9).map(\.sequence) == [1])
    window.beginConnection()
    #expect(window.inFlightCount == 0 && window.inFlightBytes == 0 && window.cursor == 1)
    #expect(window.transmit(1, at: start, acking: .cumulative) == .send(id: nil))
    #expect(window.cursor == 501 && window.awaitsAcks)
    let settled = window.settle(through: 1)
    #expect(settled.map(\.numbers) == [1...1])
    #expect(!window.awaitsAcks && window.first == 501)
  }

  @Test func `random histories keep the counts true`() {
    var random = RandomSource(seed: 11)
    for _ in 0..<200 {
      var window = SendWindow(nextSequence: 1, pending: [])
      var live: Set<UInt64> = []
      for _ in 0..<120 {
        switch UInt8.random(in: 0..<6, using: &random) {
        case 0, 1:
          live.insert(
            window.append(bytes: 3, ackTimeout: Bool.random(using: &random) ? .seconds(1) : nil))
        case 2: window.confirm(through: window.next - 1)
        case 3:
          if window.hasWaiting { _ = window.transmit(window.cursor, at: start, acking: .each) }
        case 4:
          if let sequence = live.randomElement(using: &random) {
            window.settle(sequence)
            live.remove(sequence)
          }
        default: if UInt8.random(in: 0..<8, using: &random) == 0 { window.beginConnection() }
        }
        #expect(window.unsettled == live.sorted())
        #expect(window.count == live.count && window.bytes == 3 * live.count)
        #expect(
          window.inFlightCount <= window.count && window.inFlightBytes == 3 * window.inFlightCount)
      }
    }
  }
}

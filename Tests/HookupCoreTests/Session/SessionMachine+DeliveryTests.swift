import Testing

@testable import HookupCore

struct SessionMachineDeliveryTests {
  @Test func `nothing is acked before it is committed`() {
    var pair = SessionPair()
    pair.connect()
    pair.server.commits = false
    pair.send()
    pair.settle()
    #expect(pair.server.delivered == [1] && pair.client.confirmed == [])
    pair.commit(.server, 1, pair.client.outbox[1] ?? 0)
    pair.feed(.server, .timer)
    pair.settle()
    #expect(pair.client.confirmed == [1])
  }

  @Test func `a duplicate is dropped and acked again`() {
    var pair = SessionPair()
    pair.connect()
    pair.send()
    pair.settle()
    pair.hear(.server, .numbered(.init(sequence: 1, tag: 9, content: .text("1"))))
    #expect(pair.server.delivered == [1])
    #expect(pair.server.machine.session?.ackDueAt != nil)
  }

  @Test func `a gap ends the connection, to be resumed at once`() {
    var pair = SessionPair()
    pair.connect()
    pair.hear(.server, .numbered(.init(sequence: 3, tag: 9, content: .text("3"))))
    #expect(pair.server.closes == [4205] && pair.server.delivered == [])
  }

  @Test func `an ack of what was not sent ends the connection and settles nothing`() {
    var pair = SessionPair()
    pair.connect()
    pair.send()
    pair.hear(.client, .ack(through: 2, credit: 100))
    #expect(pair.client.closes == [4006] && pair.client.outbox.count == 1)
  }

  @Test func `no more is sent than the credit allows, and it grows with the commits`() {
    var pair = SessionPair { $0.receiveWindow = 3 }
    pair.connect()
    pair.send()
    var node = pair.client
    for ticket in 8...9 as ClosedRange<UInt64> {
      node.machine.handle(
        .submitted(ticket, bytes: 1, ackTimeout: nil), at: pair.now, into: &node.queue)
    }
    node.machine.handle(
      .storeFailed(2...3, HookupError(.storage, "full")), at: pair.now, into: &node.queue)
    _ = node.queue.drain()
    pair.client = node
    pair.send()
    pair.send()
    // Credit is for 3, and the skip has it.
    let sent = pair.client.frames.map { frame -> UInt64 in
      switch frame {
      case .numbered(let message): message.sequence
      case .skip(let through, _, _): through
      default: 0
      }
    }
    #expect(sent == [1, 3])
    pair.settle()
    #expect(pair.server.delivered == [1, 4, 5])
    #expect(pair.client.confirmed == [1, 4, 5] && pair.server.closes == [])
  }

  @Test func `the credit of another numbering does not count`() {
    var pair = SessionPair(serverSends: true) { $0.receiveWindow = 2 }
    pair.connect()
    for _ in 1...5 { pair.send(.server) }
    pair.settle()
    pair.server.identity = SessionIdentity(
      client: SessionID(high: 1, low: 2), epoch: 2 << 32, base: 5)
    pair.restart(.server)
    pair.client.commits = false
    pair.connect()
    for _ in 1...5 { pair.send(.server) }
    pair.settle()
    #expect(pair.client.closes == [])
    #expect(pair.client.delivered.suffix(2) == [1, 2])
  }
}

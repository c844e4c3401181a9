import Testing

@testable import HookupCore

/// Corner cases of the page Protocol that are about time, proxies and other servers.
struct SessionMachineCornerCasesTests {
  @Test func `a suspended process: hours later it goes on, and nothing is lost`() {
    var pair = SessionPair()
    pair.connect()
    for _ in 1...3 { pair.send() }
    pair.carry(.client)
    // The client sleeps; the server gives it up, and what it had said is on its way for ever.
    pair.now = pair.now + .seconds(3 * 3_600)
    pair.feed(.server, .closed(pair.number, code: 1006, reason: "silence"))
    pair.feed(.client, .timer)
    pair.cut()
    pair.send()
    pair.connect()
    #expect(pair.server.delivered == [1, 2, 3, 4] && pair.client.confirmed == [1, 2, 3, 4])
  }

  @Test func `clock jumps: time that stands still or leaps changes no message`() {
    var pair = SessionPair()
    for round in 1...20 {
      pair.send()
      if round % 3 == 0 { pair.now = pair.now + .seconds(round * 100_000) }
      pair.connect()
      pair.feed(.client, .timer)
      pair.feed(.server, .timer)
      if round % 4 == 0 { pair.cut() }
    }
    pair.connect()
    pair.settle()
    #expect(pair.server.delivered == Array(1...20) && pair.client.confirmed == Array(1...20))
  }

  @Test func `a proxy that buffers: acks that come late and all at once settle everything once`() {
    var pair = SessionPair { $0.ackStallLimit = .seconds(60) }
    pair.connect()
    for _ in 1...5 { pair.send() }
    for _ in 1...5 { pair.carry(.client) }
    pair.now = pair.now + .seconds(50)
    pair.feed(.client, .timer)
    #expect(pair.client.confirmed == [])
    pair.settle()
    #expect(pair.client.confirmed == [1, 2, 3, 4, 5] && pair.server.delivered == [1, 2, 3, 4, 5])
  }

  @Test func `a proxy that buffers for ever: acks that stand still end the connection`() {
    var pair = SessionPair { $0.ackStallLimit = .seconds(60) }
    pair.connect()
    for _ in 1...2 { pair.send() }
    pair.now = pair.now + .seconds(61)
    pair.feed(.client, .timer)
    #expect(pair.client.machine.link.state == .retrying)
    pair.connect()
    #expect(pair.server.delivered == [1, 2] && pair.client.confirmed == [1, 2])
  }

  @Test func `expiry inside the window: what the server forgot comes again, marked`() {
    var pair = SessionPair()
    pair.connect()
    pair.send()
    pair.settle()
    for _ in 1...2 { pair.send() }
    for _ in 1...2 { pair.carry(.client) }
    pair.server.remembers = false
    pair.restart(.server)
    pair.connect()
    #expect(pair.server.delivered == [1, 2, 3, 2, 3] && pair.server.redelivered == [2, 3])
    #expect(pair.client.confirmed == [1, 2, 3] && pair.client.breaks == [])
  }

  @Test func `resume on another server of a cluster: the store they share decides`() {
    var pair = SessionPair()
    pair.connect()
    for _ in 1...4 { pair.send() }
    for _ in 1...2 { pair.carry(.client) }
    // Another process with the same store, while the first one still believes in its connection.
    let other = pair.server
    pair.client.frames = []
    pair.isUp = false
    pair.feed(.client, .closed(1, code: 1006, reason: ""))
    pair.restart(.server)
    pair.connect()
    #expect(other.machine.openConnection == 1)
    #expect(pair.server.delivered == [1, 2, 3, 4] && pair.client.confirmed == [1, 2, 3, 4])
  }

  @Test func `a handler that always fails: the number is used up and the stream goes on`() {
    var pair = SessionPair()
    pair.server.refuses = Set(1...5)
    pair.connect()
    for _ in 1...6 { pair.send() }
    pair.settle()
    #expect(pair.client.failed == [1, 2, 3, 4, 5] && pair.client.confirmed == [6])
  }

  @Test func `hostile numbers trap nothing and settle nothing`() {
    // The codec lets no larger ones through.
    let numbers: [UInt64] = [0, 1, 2, 3, 1 << 53 - 2, 1 << 53 - 1]
    for number in numbers {
      for other in numbers {
        var pair = SessionPair()
        pair.send()
        pair.connect()
        pair.cut()
        pair.send()
        pair.connect(exchange: false)
        let hello = SessionHello(
          client: nil, incarnation: number, connection: pair.dials,
          sending: SessionHello.Sending(epoch: 9, low: number, high: other, acked: other),
          receiving: SessionHello.Receiving(epoch: 100, committed: number, tag: other),
          refusals: [SessionHello.Refusal(sequence: other, reason: "x")], credit: other,
          maximumMessageBytes: 0)
        pair.feed(.client, .welcome(pair.number, hello))
        pair.feed(.client, .acknowledged(pair.number, through: number, credit: other))
        pair.feed(.client, .rejected(pair.number, sequence: number, reason: ""))
        pair.feed(.client, .skipped(pair.number, through: number, tag: other, .lost))
        pair.feed(
          .client,
          .numbered(pair.number, sequence: other, tag: number, isRedelivered: false))
        var client = hello
        client.client = SessionID(high: 1, low: 2)
        client.connection = other
        pair.feed(.server, .hello(99, client, .committed(number, tag: other)))
        pair.feed(.server, .skipped(99, through: number, tag: 0, .withdrawn))
        pair.feed(.server, .numbered(99, sequence: number, tag: 0, isRedelivered: true))
        pair.feed(.server, .committed(through: other))
      }
    }
  }
}

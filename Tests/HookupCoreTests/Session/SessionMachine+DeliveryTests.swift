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
    pair.server.commits = false
    pair.connect()
    for _ in 1...9 { pair.send() }
    pair.settle()
    #expect(pair.server.delivered == [1, 2, 3])
    pair.commit(.server, 2, 0)
    pair.feed(.server, .timer)
    pair.settle()
    #expect(pair.server.delivered == [1, 2, 3, 4, 5])
  }

  @Test func `what is sent beyond the credit ends the connection`() {
    var pair = SessionPair { $0.receiveWindow = 1 }
    pair.server.commits = false
    pair.connect()
    pair.hear(.server, .numbered(.init(sequence: 1, tag: 9, content: .text("1"))))
    pair.hear(.server, .numbered(.init(sequence: 2, tag: 9, content: .text("2"))))
    #expect(pair.server.closes == [1008])
  }

  @Test func `a refused message consumes its number and fails, the stream goes on`() {
    var pair = SessionPair()
    pair.server.refuses = [2]
    pair.connect()
    for _ in 1...3 { pair.send() }
    pair.settle()
    #expect(pair.client.failed == [2] && pair.client.confirmed == [1, 3])
  }

  @Test func `a nack that was lost is told by the next welcome, also after a restart`() {
    var pair = SessionPair()
    pair.server.refuses = [2]
    pair.connect()
    for _ in 1...3 { pair.send() }
    for _ in 1...3 { pair.carry(.client) }
    pair.restart(.server)
    pair.connect()
    #expect(pair.client.failed == [2] && pair.client.confirmed == [1, 3])
  }

  @Test func `disk full at the receiver: nothing is acked, and all comes again`() {
    var pair = SessionPair()
    pair.server.commits = false
    pair.connect()
    for _ in 1...3 { pair.send() }
    pair.settle()
    pair.feed(.server, .commitFailed(HookupError(.storage, "full")))
    #expect(pair.server.closes == [4113] && pair.client.confirmed == [])
    pair.server.commits = true
    pair.connect()
    #expect(pair.server.delivered == [1, 2, 3, 1, 2, 3])
    #expect(pair.client.confirmed == [1, 2, 3])
  }

  @Test func `a message larger than a later, lower limit fails, and the others go on`() {
    var pair = SessionPair()
    pair.send(bytes: 10)
    pair.send(bytes: 1_000)
    pair.send(bytes: 10)
    var settings = pair.server.settings
    settings.maximumMessageBytes = 500
    pair.server.settings = settings
    pair.restart(.server)
    pair.connect()
    #expect(pair.client.failed == [2] && pair.client.confirmed == [1, 3])
    #expect(pair.server.delivered == [1, 3] && pair.server.committed == 3)
  }

  @Test func `an ack waits a little for others, and many go at once`() {
    var pair = SessionPair { $0.ackCount = 4 }
    pair.connect()
    pair.send()
    pair.carry(.client)
    #expect(pair.server.frames == [])
    for _ in 1...3 { pair.send() }
    for _ in 1...3 { pair.carry(.client) }
    #expect(pair.server.frames == [.ack(through: 4, credit: 1_028)])
  }

  @Test func `a client acks what it commits only on a later connection`() {
    var pair = SessionPair(serverSends: true)
    pair.client.commits = false
    pair.connect()
    pair.send(.server)
    pair.send(.server)
    pair.settle()
    pair.cut()
    pair.connect(exchange: false)
    pair.carry(.client)
    pair.carry(.server)
    // The server has sent nothing on this connection yet, and hears that number 2 is committed.
    pair.feed(.client, .committed(through: 2))
    pair.server.frames = []
    pair.now = pair.client.machine.session?.ackDueAt ?? pair.now
    pair.feed(.client, .timer)
    pair.settle()
    #expect(pair.server.closes == [])
    #expect(pair.server.confirmed == [1, 2])
  }

  @Test func `a nack that falls between hello and welcome is said after it`() {
    var pair = SessionPair(serverSends: true)
    pair.client.commits = false
    pair.connect()
    pair.send(.server)
    pair.settle()
    pair.cut()
    pair.connect(exchange: false)
    pair.carry(.client)
    pair.feed(.client, .refused(1, reason: "no"))
    pair.settle()
    #expect(pair.server.failed == [1])
    #expect(pair.server.confirmed == [])
  }

  @Test func `a refusal that comes after its connection is told by the next welcome`() {
    var pair = SessionPair()
    pair.server.commits = false
    pair.connect()
    pair.send()
    pair.settle()
    pair.cut()
    pair.server.refuses = [1]
    pair.commit(.server, 1, 0)
    pair.connect()
    #expect(pair.client.failed == [1])
    #expect(pair.client.confirmed == [])
  }

  @Test func `more skips than a window has messages end the connection`() {
    var pair = SessionPair { $0.receiveWindow = 2 }
    pair.connect()
    for through in UInt64(1)...4 {
      var node = pair.server
      node.machine.handle(
        .skipped(pair.number, through: through, tag: 0, .withdrawn), at: pair.now,
        into: &node.queue)
      pair.server = node
    }
    while let action = pair.server.queue.popFirst() {
      if case .close(_, let code, _) = action { pair.server.closes.append(code) }
    }
    #expect(pair.server.closes == [1008])
  }

  @Test func `what settled before the numbering began is not sent again after a crash`() {
    let machine = SessionMachine(
      settings: SessionMachine.Settings(),
      window: SendWindow(
        nextSequence: 6, pending: [(2, 10, nil, 7), (3, 10, nil, 8), (5, 10, nil, 9)]),
      random: RandomSource(seed: 1),
      resume: SessionMachine.Resume(
        role: .client,
        identity: SessionIdentity(client: SessionID(high: 1, low: 2), epoch: 3, base: 3),
        incarnation: 1))
    #expect(machine.window.unsettled == [5])
  }

  @Test func `a number that could not be stored is not passed over until a later one is durable`() {
    var pair = SessionPair()
    pair.connect()
    pair.send()
    pair.settle()
    pair.sendToFullDisk(2...2)
    pair.cut()
    pair.connect()
    #expect(pair.server.machine.session?.resume.received.committed == 1)
    pair.client.nextSequence = 2
    pair.restart(.client)
    pair.connect()
    pair.send()
    pair.settle()
    #expect(pair.server.delivered == [1, 2])
    #expect(pair.client.breaks == [])
  }

  @Test func `what is passed over takes credit: nothing goes out beyond it`() {
    var pair = SessionPair { $0.receiveWindow = 3 }
    pair.connect()
    pair.send()
    pair.sendToFullDisk(2...3)
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

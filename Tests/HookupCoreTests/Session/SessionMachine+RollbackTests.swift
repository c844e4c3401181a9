import Testing

@testable import HookupCore

/// A side that goes on from an older state of its directory: both are told the exact range.
@Suite struct SessionMachineRollbackTests {
  private func oneEach(_ pair: inout SessionPair, _ count: Int) {
    for _ in 0..<count {
      pair.send()
      pair.send(.server)
    }
    pair.settle()
  }

  @Test func `a server restored to a numbering it had given up begins a later one`() {
    var pair = SessionPair(serverSends: true)
    pair.connect()
    pair.send(.server)
    pair.settle()
    var backup = pair.server
    pair.server.identity.epoch = 2 << 32
    pair.server.outbox = [:]
    pair.server.nextSequence = 1
    pair.restart(.server)
    pair.connect()
    oneEach(&pair, 2)
    pair.client.reports = []
    backup.outbox = [1: 77]
    backup.nextSequence = 2
    backup.lastConnection = pair.server.lastConnection
    pair.server = backup
    pair.restart(.server)
    pair.connect()
    pair.connect()
    #expect(pair.server.breaks.contains(.renumbered(1..<2)))
    #expect(pair.server.identity.epoch >> 32 == 3)
    #expect(pair.client.breaks.first == .restarted(last: 2))
    #expect(pair.client.delivered.last == 1 && pair.client.redelivered.last == 1)
  }

  @Test func `a client restored to a numbering it had given up becomes another client`() {
    var pair = SessionPair()
    pair.connect()
    pair.send()
    pair.settle()
    let backup = pair.client
    pair.client.identity.epoch = 2 << 32
    pair.client.identity.base = 1
    pair.restart(.client)
    pair.connect()
    pair.send()
    pair.settle()
    #expect(pair.server.delivered == [1, 1])
    let id = pair.client.identity.client
    pair.client = backup
    pair.restart(.client)
    pair.connect()
    #expect(pair.server.closes.last == 4010)
    #expect(pair.client.identity.client != id)
    #expect(pair.client.breaks.last == .renumbered(2..<2))
  }

  @Test func `a client restored to before the first message is told all it had`() {
    var pair = SessionPair(serverSends: true)
    let backup = pair.client
    pair.connect()
    oneEach(&pair, 3)
    let sent = pair.client
    pair.client = backup
    // Only what it received is older; what it sent is as it was.
    pair.client.outbox = sent.outbox
    pair.client.nextSequence = sent.nextSequence
    pair.restart(.client)
    pair.connect()
    pair.settle()
    #expect(pair.server.breaks == [.forgotten(1...3)])
    #expect(pair.client.breaks == [.lost(1...3)])
    pair.send(.server)
    pair.settle()
    #expect(pair.client.delivered == [4])
  }

  @Test func `a client that keeps nothing of what it received loses nothing by a restart`() {
    var pair = SessionPair(serverSends: true)
    pair.client.remembers = false
    pair.restart(.client)
    pair.connect()
    oneEach(&pair, 3)
    pair.restart(.client)
    pair.connect()
    oneEach(&pair, 1)
    #expect(pair.server.breaks == [] && pair.client.breaks == [])
    #expect(pair.client.delivered == [1, 2, 3, 4])
  }

  @Test
  func `what failed at the disk after a restore does not hide that the other side knows more`() {
    var pair = SessionPair()
    pair.connect()
    let backup = pair.client
    for _ in 1...3 { pair.send() }
    pair.settle()
    pair.client = backup
    pair.restart(.client)
    // Two new messages under the old numbers, a third that could not be stored, and one after it.
    pair.send()
    pair.send()
    pair.sendToFullDisk(3...3)
    pair.send()
    pair.connect()
    pair.connect()
    #expect(pair.client.breaks == [.renumbered(1..<5)])
    // All three arrive; the two that were never stored under their number, too.
    #expect(pair.server.delivered == [1, 2, 3, 1, 2, 4])
    #expect(pair.client.confirmed == [1, 2, 4])
  }

  @Test func `what failed at the disk is not taken for a fork when the next one was skipped to`() {
    var pair = SessionPair()
    pair.server.commits = false
    pair.connect()
    pair.send()
    var node = pair.client
    node.machine.handle(.submitted(9, bytes: 1, ackTimeout: nil), at: pair.now, into: &node.queue)
    node.machine.handle(
      .storeFailed(2...2, HookupError(.storage, "full")), at: pair.now, into: &node.queue)
    _ = node.queue.drain()
    pair.client = node
    pair.send()
    // The first and the skip are committed there, and what follows is lost with the connection.
    pair.server.commits = true
    while case .numbered(let message)? = pair.client.frames.first, message.sequence == 1 {
      pair.carry(.client)
    }
    while case .skip? = pair.client.frames.first { pair.carry(.client) }
    pair.cut()
    pair.connect()
    #expect(pair.client.breaks == [])
    #expect(pair.server.delivered == [1, 3])
    #expect(pair.client.confirmed == [1, 3])
  }

  @Test func `a server that assumed where a numbering begins does not claim to know`() {
    var pair = SessionPair()
    pair.server.remembers = false
    pair.connect()
    let backup = pair.client
    for _ in 1...2 { pair.send() }
    pair.settle()
    // The server forgets; the client goes on at 3, so the server assumes that 1 and 2 are committed.
    pair.restart(.server)
    pair.connect()
    pair.cut()
    // An older copy has other messages under 1 and 2.
    pair.client = backup
    pair.restart(.client)
    for _ in 1...2 { pair.send() }
    pair.connect()
    #expect(pair.client.confirmed == [1, 2])
    #expect(pair.server.delivered == [1, 2, 1, 2])
  }
}

import Testing

@testable import HookupCore

/// Drives one machine by hand: events in, actions compared.
private struct Bench {
  var machine: ClientMachine
  var queue = ActionQueue<ClientMachine.Action>()
  var now = MonotonicInstant.zero

  init(_ change: (inout ClientMachine.Settings) -> Void = { _ in }) {
    var settings = ClientMachine.Settings()
    change(&settings)
    machine = ClientMachine(
      settings: settings, window: SendWindow(nextSequence: 1, pending: []),
      random: RandomSource(seed: 1))
  }

  mutating func feed(_ event: ClientMachine.Event) -> [ClientMachine.Action] {
    machine.handle(event, at: now, into: &queue)
    return queue.drain()
  }

  /// Brings the machine online as connection `number`.
  mutating func connect(_ number: UInt64 = 1) {
    _ = feed(number == 1 ? .start : .timer)
    _ = feed(.opened(number, carriesAcks: true))
  }

  /// Stores one message that wants an ack.
  mutating func store(ticket: UInt64, timeout: Duration? = .seconds(5)) -> [ClientMachine.Action] {
    feed(.submitted(ticket, bytes: 10, ackTimeout: timeout))
      + feed(.stored(through: machine.window.next - 1))
  }
}

struct ClientMachineTests {
  @Test func `a message goes to disk, then to the wire, and is settled by its ack`() {
    var bench = Bench()
    #expect(bench.feed(.start) == [.open(1)])
    #expect(bench.feed(.opened(1, carriesAcks: true)) == [.report(.connected(1))])
    #expect(bench.feed(.submitted(7, bytes: 10, ackTimeout: .seconds(5))) == [.append(7, 1)])
    #expect(
      bench.feed(.stored(through: 1)) == [
        .accept(1...1), .load(1, from: 1, count: 256, bytes: 4 << 20),
      ])
    #expect(bench.feed(.loaded(1, [1])) == [.transmit(1, 1, id: 1), .report(.sent(1))])
    #expect(bench.machine.nextDeadline == bench.now + .seconds(5))
    #expect(bench.feed(.acked(1, id: 1)) == [.settle(1), .report(.acknowledged(1))])
    #expect(bench.machine.backlog.messages == 0)
  }

  @Test func `what is unsettled when the connection is lost goes first on the next one, in order`()
  {
    var bench = Bench()
    bench.connect()
    for ticket in UInt64(1)...3 { _ = bench.store(ticket: ticket) }
    _ = bench.feed(.loaded(1, [1]))
    _ = bench.feed(.loaded(1, [2, 3]))
    _ = bench.feed(.acked(1, id: 2))
    let lost = bench.feed(.closed(1, code: 1006, reason: ""))
    #expect(lost.first == .report(.disconnected(reason: "connection closed (1006)")))
    #expect(bench.machine.link.state == .retrying && bench.machine.link.drops == 1)
    #expect(bench.feed(.acked(1, id: 1)) == [], "a late ack of the lost connection means nothing")
    bench.now = bench.machine.nextDeadline ?? bench.now
    #expect(bench.feed(.timer) == [.open(2)])
    #expect(
      bench.feed(.opened(2, carriesAcks: true)) == [
        .report(.connected(2)), .load(2, from: 1, count: 256, bytes: 4 << 20),
      ])
    #expect(
      bench.feed(.loaded(2, [1, 3])) == [
        .transmit(2, 1, id: 1), .report(.sent(1)), .transmit(2, 3, id: 2), .report(.sent(3)),
      ])
    #expect(bench.machine.backlog.drainTotal == 2)
    _ = bench.feed(.acked(2, id: 1))
    #expect(bench.machine.backlog.drained == 1)
  }

  @Test func `nothing of the outbox is sent before the application's greeting is done`() {
    var bench = Bench { $0.awaitsGreeting = true }
    _ = bench.store(ticket: 1)
    _ = bench.feed(.start)
    #expect(bench.feed(.opened(1, carriesAcks: true)) == [.report(.connected(1))])
    #expect(bench.machine.link.state == .resuming)
    #expect(bench.feed(.greeted(1)) == [.load(1, from: 1, count: 256, bytes: 4 << 20)])
    #expect(bench.machine.link.state == .online)
    #expect(bench.feed(.greeted(1)) == [])
  }

  @Test func `a full outbox lets send wait and takes the waiting in order as it drains`() {
    var bench = Bench { $0.maximumMessages = 1 }
    bench.connect()
    _ = bench.store(ticket: 1)
    #expect(bench.feed(.submitted(2, bytes: 10, ackTimeout: nil)) == [])
    #expect(bench.feed(.submitted(3, bytes: 10, ackTimeout: nil)) == [])
    #expect(bench.feed(.withdrawn(2)) == [])
    _ = bench.feed(.loaded(1, [1]))
    #expect(
      bench.feed(.acked(1, id: 1)) == [.settle(1), .report(.acknowledged(1)), .append(3, 2)])
  }

  @Test func `a full outbox refuses when it is told to`() throws {
    var bench = Bench {
      $0.maximumBytes = 15
      $0.whenFull = .refuse
    }
    _ = bench.store(ticket: 1)
    guard case .refuse(2, let error)? = bench.feed(.submitted(2, bytes: 10, ackTimeout: nil)).first
    else {
      Issue.record("not refused")
      return
    }
    #expect(error.code == .bufferFull)
    #expect(error.message.contains("15 bytes"))
  }

  @Test func `a message over the limit is refused whatever the room`() {
    var bench = Bench { $0.maximumMessageBytes = 5 }
    guard case .refuse(1, let error)? = bench.feed(.submitted(1, bytes: 6, ackTimeout: nil)).first
    else {
      Issue.record("not refused")
      return
    }
    #expect(error.code == .messageTooBig)
  }

  @Test func `an overdue ack is reported and the message kept, or dropped by configuration`() {
    var keeping = Bench()
    keeping.connect()
    _ = keeping.store(ticket: 1)
    _ = keeping.feed(.loaded(1, [1]))
    keeping.now = keeping.now + .seconds(5)
    #expect(keeping.feed(.timer) == [.report(.ackFailed(1, isKept: true))])
    #expect(keeping.feed(.acked(1, id: 1)) == [.settle(1), .report(.acknowledged(1))])

    var dropping = Bench { $0.unacked = .drop }
    dropping.connect()
    _ = dropping.store(ticket: 1)
    _ = dropping.feed(.loaded(1, [1]))
    dropping.now = dropping.now + .seconds(5)
    #expect(dropping.feed(.timer) == [.report(.ackFailed(1, isKept: false)), .settle(1)])
    #expect(dropping.feed(.acked(1, id: 1)) == [])
  }

  @Test func `acks that stand still break the connection`() {
    var bench = Bench { $0.reconnect.provenAfter = .seconds(1000) }
    bench.connect()
    _ = bench.store(ticket: 1)
    _ = bench.feed(.loaded(1, [1]))
    bench.now = bench.now + .seconds(60)
    let actions = bench.feed(.timer)
    #expect(actions.contains(.abort(1)))
    #expect(actions.contains(.report(.disconnected(reason: "no ack for 60 s"))))
    #expect(bench.feed(.closed(1, code: 1006, reason: "")) == [], "its end is old news")
  }

  @Test
  func `without a buffer send fails while offline and the unsettled fail with the connection`() {
    var bench = Bench { $0.keepsWhileDisconnected = false }
    guard case .refuse(1, let error)? = bench.feed(.submitted(1, bytes: 1, ackTimeout: nil)).first
    else {
      Issue.record("not refused")
      return
    }
    #expect(error.code == .notConnected)
    bench.connect()
    _ = bench.store(ticket: 2)
    _ = bench.feed(.submitted(3, bytes: 1, ackTimeout: nil))
    let lost = bench.feed(.closed(1, code: 1006, reason: ""))
    #expect(lost.prefix(2) == [.report(.ackFailed(1, isKept: false)), .settle(1)])
    #expect(
      bench.feed(.stored(through: 2)) == [
        .settle(2), .reject(2...2, HookupError(.notConnected, "the connection was lost")),
      ])
  }

  @Test func `a message without an ack is settled when it is written`() {
    var bench = Bench()
    bench.connect()
    _ = bench.store(ticket: 1, timeout: nil)
    #expect(bench.feed(.loaded(1, [1])) == [.transmit(1, 1, id: nil), .report(.sent(1))])
    #expect(bench.feed(.written(1, 1)) == [.settle(1)])
    #expect(bench.feed(.written(1, 1)) == [])
  }

  @Test func `the window bounds what is in flight`() {
    var bench = Bench { $0.inFlightMessages = 2 }
    bench.connect()
    for ticket in UInt64(1)...3 { _ = bench.store(ticket: ticket) }
    #expect(bench.feed(.loaded(1, [1])).last == .load(1, from: 2, count: 1, bytes: (4 << 20) - 10))
    #expect(bench.feed(.loaded(1, [2])).count == 2, "no further load")
    #expect(bench.feed(.acked(1, id: 1)).last == .load(1, from: 3, count: 1, bytes: (4 << 20) - 10))
  }

  @Test func `an unwritable socket stops the pump`() {
    var bench = Bench()
    bench.connect()
    #expect(bench.feed(.writable(1, false)) == [])
    #expect(bench.store(ticket: 1) == [.append(1, 1), .accept(1...1)])
    #expect(bench.feed(.writable(1, true)) == [.load(1, from: 1, count: 256, bytes: 4 << 20)])
  }

  @Test func `a reader that falls behind holds back both directions`() {
    var bench = Bench()
    bench.connect()
    #expect(bench.feed(.readerIsBehind(true)) == [.setReading(1, false)])
    #expect(bench.feed(.readerIsBehind(true)) == [])
    #expect(bench.store(ticket: 1) == [.append(1, 1), .accept(1...1)])
    #expect(
      bench.feed(.readerIsBehind(false)) == [
        .setReading(1, true), .load(1, from: 1, count: 256, bytes: 4 << 20),
      ])
  }

  @Test func `a message that the wire cannot carry fails and lets the next one go`() {
    var bench = Bench { $0.inFlightMessages = 1 }
    bench.connect()
    _ = bench.store(ticket: 1)
    _ = bench.store(ticket: 2)
    _ = bench.feed(.loaded(1, [1]))
    #expect(
      bench.feed(.unsendable(1)) == [
        .report(.ackFailed(1, isKept: false)), .settle(1),
        .load(1, from: 2, count: 1, bytes: 4 << 20),
      ])
  }

  @Test func `attempts count up, wait at least what the server asks, and end at the maximum`() {
    var bench = Bench { $0.reconnect.attempts = .maximum(2) }
    let failure = ClientMachine.OpenFailure(
      error: HookupError(.connectFailed, "refused"), retryAfter: .seconds(100_000))
    _ = bench.feed(.start)
    guard case .report(.reconnecting(1, let delay))? = bench.feed(.openFailed(1, failure)).first
    else {
      Issue.record("no retry")
      return
    }
    #expect(delay == .seconds(600), "Retry-After is heeded up to a bound")
    bench.now = bench.now + delay
    #expect(bench.feed(.timer) == [.open(2)])
    _ = bench.feed(.openFailed(2, failure))
    bench.now = bench.now + .seconds(600)
    _ = bench.feed(.timer)
    #expect(
      bench.feed(.openFailed(3, failure)) == [
        .report(.error(failure.error)), .finish(failure.error),
      ])
    #expect(bench.machine.nextDeadline == nil)
    #expect(bench.feed(.submitted(1, bytes: 1, ackTimeout: nil)).count == 1)
  }

  @Test func `the count of attempts starts again only once the connection has proved itself`() {
    var bench = Bench()
    bench.connect()
    _ = bench.feed(.closed(1, code: 1006, reason: ""))
    bench.now = bench.machine.nextDeadline ?? bench.now
    bench.connect(2)
    _ = bench.feed(.closed(2, code: 1006, reason: ""))
    #expect(bench.machine.link.attempt == 2)
    bench.now = bench.machine.nextDeadline ?? bench.now
    bench.connect(3)
    bench.now = bench.now + .seconds(30)
    _ = bench.feed(.timer)
    #expect(bench.machine.link.attempt == 0)
  }

  @Test func `a close in the 40xx class stops, or waits for the person`() {
    var bench = Bench()
    bench.connect()
    let actions = bench.feed(.closed(1, code: 4009, reason: "superseded"))
    guard case .finish(let error?)? = actions.last else {
      Issue.record("\(actions)")
      return
    }
    #expect(error.code == .refused)

    var staying = Bench { $0.staysAfterGivingUp = true }
    staying.connect()
    _ = staying.feed(.closed(1, code: 4009, reason: "superseded"))
    #expect(staying.machine.link.state == .offline)
    #expect(staying.feed(.reconnectRequested) == [.open(2)])
  }

  @Test func `a message too big for the peer is given up, so that the next connection lives`() {
    var bench = Bench()
    bench.connect()
    _ = bench.feed(.submitted(1, bytes: 10, ackTimeout: .seconds(5)))
    _ = bench.feed(.submitted(2, bytes: 5000, ackTimeout: .seconds(5)))
    _ = bench.feed(.submitted(3, bytes: 10, ackTimeout: .seconds(5)))
    _ = bench.feed(.stored(through: 3))
    _ = bench.feed(.loaded(1, [1, 2, 3]))
    let actions = bench.feed(.closed(1, code: 1009, reason: "too big"))
    #expect(actions.contains(.report(.ackFailed(2, isKept: false))))
    #expect(actions.contains(.settle(2)))
    #expect(bench.machine.window.unsettled == [1, 3])
  }

  @Test func `stop closes politely and finishes when the peer has answered`() {
    var bench = Bench()
    bench.connect()
    #expect(bench.feed(.stop) == [.close(1, code: 1000, reason: "")])
    #expect(
      bench.feed(.closed(1, code: 1000, reason: "")) == [
        .report(.disconnected(reason: "closed")), .finish(nil),
      ])
    #expect(bench.feed(.start) == [])
  }

  @Test func `a connection that opens after we went offline is dropped`() {
    var bench = Bench()
    _ = bench.feed(.start)
    #expect(bench.feed(.offlineRequested) == [.abort(1)])
    #expect(bench.feed(.opened(1, carriesAcks: true)) == [.abort(1)])
    #expect(bench.machine.link.state == .offline)
  }

  @Test func `a failed append rejects its caller and leaves no hole in the way`() {
    var bench = Bench()
    bench.connect()
    _ = bench.feed(.submitted(1, bytes: 10, ackTimeout: nil))
    let error = HookupError(.storage, "disk full")
    #expect(
      bench.feed(.storeFailed(1...1, error)) == [.reject(1...1, error), .report(.error(error))])
    #expect(
      bench.store(ticket: 2) == [
        .append(2, 2), .accept(2...2), .load(1, from: 2, count: 256, bytes: 4 << 20),
      ])
  }

  /// A perfect server behind a link that is cut at random: whatever happens, the order of first deliveries is the
  /// order of the numbers, none is missing, and the machine goes quiet.
  @Test func `random cuts lose nothing and reorder nothing`() {
    for seed in UInt64(0)..<300 {
      var random = RandomSource(seed: seed)
      var bench = Bench { $0.inFlightMessages = 4 }
      var delivered: [UInt64] = []
      var connection: UInt64 = 0
      var pendingAcks: [UInt64] = []
      var submitted: UInt64 = 0
      func perform(_ actions: [ClientMachine.Action]) {
        for action in actions {
          switch action {
          case .open(let number): connection = number
          case .append(_, let sequence): perform(bench.feed(.stored(through: sequence)))
          case .load(let number, let from, let count, _):
            let upper = min(bench.machine.window.durable, from + UInt64(count) - 1)
            perform(bench.feed(.loaded(number, from <= upper ? Array(from...upper) : [])))
          case .transmit(_, let sequence, let id):
            if !delivered.contains(sequence) { delivered.append(sequence) }
            if let id { pendingAcks.append(id) }
          default: break
          }
        }
      }
      perform(bench.feed(.start))
      for step in 0..<400 {
        switch UInt8.random(in: 0..<8, using: &random) {
        case 0,
          1 where submitted < 40:
          submitted += 1
          perform(bench.feed(.submitted(submitted, bytes: 5, ackTimeout: .seconds(5))))
        case 2, 3: perform(bench.feed(.opened(connection, carriesAcks: true)))
        case 4, 5:
          if !pendingAcks.isEmpty {
            perform(bench.feed(.acked(connection, id: pendingAcks.removeFirst())))
          }
        case 6 where step < 300:
          perform(bench.feed(.closed(connection, code: 1006, reason: "")))
          pendingAcks = []
        default:
          bench.now = bench.machine.nextDeadline.map { max($0, bench.now) } ?? bench.now
          perform(bench.feed(.timer))
        }
      }
      perform(bench.feed(.reconnectRequested))
      perform(bench.feed(.closed(connection, code: 1006, reason: "")))
      pendingAcks = []
      perform(bench.feed(.opened(connection, carriesAcks: true)))
      while !pendingAcks.isEmpty {
        perform(bench.feed(.acked(connection, id: pendingAcks.removeFirst())))
      }
      #expect(
        delivered == Array(1...max(1, submitted)).prefix(Int(submitted)).map { $0 }, "seed \(seed)")
      #expect(bench.machine.window.count == 0, "seed \(seed)")
    }
  }
}

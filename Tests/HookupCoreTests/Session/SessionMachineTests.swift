import Testing

@testable import HookupCore

struct SessionMachineTests {
  @Test func `a message goes to disk, then to the wire, and is settled by its ack`() {
    var bench = SessionMachineBench()
    #expect(bench.feed(.start) == [.open(1)])
    #expect(bench.feed(.opened(1, .acks)) == [.report(.connected(1))])
    #expect(
      bench.feed(.submitted(7, bytes: 10, ackTimeout: .seconds(5))) == [.append(7, 1, tag: 0)])
    #expect(
      bench.feed(.stored(through: 1)) == [
        .accept(1...1), .load(1, from: 1, count: 256, bytes: 4 << 20),
      ])
    #expect(bench.feed(.loaded(1, [1])) == [.transmit(1, 1, id: 1), .report(.sent(1))])
    #expect(bench.machine.nextDeadline == bench.now + .seconds(5))
    #expect(bench.feed(.acked(1, id: 1)) == [.settle(1), .report(.acknowledged(1))])
    #expect(bench.machine.backlog.messages == 0)
  }

  @Test func `nothing of the outbox is sent before the application's greeting is done`() {
    var bench = SessionMachineBench { $0.awaitsGreeting = true }
    _ = bench.store(ticket: 1)
    _ = bench.feed(.start)
    #expect(bench.feed(.opened(1, .acks)) == [.report(.connected(1))])
    #expect(bench.machine.link.state == .resuming)
    #expect(bench.feed(.greeted(1)) == [.load(1, from: 1, count: 256, bytes: 4 << 20)])
    #expect(bench.machine.link.state == .online)
    #expect(bench.feed(.greeted(1)) == [])
  }

  @Test func `an overdue ack is reported and the message kept, or dropped by configuration`() {
    var keeping = SessionMachineBench()
    keeping.connect()
    _ = keeping.store(ticket: 1)
    _ = keeping.feed(.loaded(1, [1]))
    keeping.now = keeping.now + .seconds(5)
    #expect(keeping.feed(.timer) == [.report(.ackFailed(1, isKept: true))])
    #expect(keeping.feed(.acked(1, id: 1)) == [.settle(1), .report(.acknowledged(1))])

    var dropping = SessionMachineBench { $0.unacked = .drop }
    dropping.connect()
    _ = dropping.store(ticket: 1)
    _ = dropping.feed(.loaded(1, [1]))
    dropping.now = dropping.now + .seconds(5)
    #expect(dropping.feed(.timer) == [.report(.ackFailed(1, isKept: false)), .settle(1)])
    #expect(dropping.feed(.acked(1, id: 1)) == [])
  }

  @Test func `a message without an ack is settled when it is written`() {
    var bench = SessionMachineBench()
    bench.connect()
    _ = bench.store(ticket: 1, timeout: nil)
    #expect(bench.feed(.loaded(1, [1])) == [.transmit(1, 1, id: nil), .report(.sent(1))])
    #expect(bench.feed(.written(1, 1)) == [.settle(1)])
    #expect(bench.feed(.written(1, 1)) == [])
  }

  @Test func `a reader that falls behind holds back both directions`() {
    var bench = SessionMachineBench()
    bench.connect()
    #expect(bench.feed(.readerIsBehind(true)) == [.setReading(1, false)])
    #expect(bench.feed(.readerIsBehind(true)) == [])
    #expect(bench.store(ticket: 1) == [.append(1, 1, tag: 0), .accept(1...1)])
    #expect(
      bench.feed(.readerIsBehind(false)) == [
        .setReading(1, true), .load(1, from: 1, count: 256, bytes: 4 << 20),
      ])
  }

  /// A perfect server behind a link that is cut at random: whatever happens, the order of first deliveries is the
  /// order of the numbers, none is missing, and the machine goes quiet.
  @Test func `random cuts lose nothing and reorder nothing`() {
    for seed in UInt64(0)..<150 {
      var random = RandomSource(seed: seed)
      var bench = SessionMachineBench { $0.inFlightMessages = 4 }
      var delivered: [UInt64] = []
      var connection: UInt64 = 0
      var pendingAcks: [UInt64] = []
      var submitted: UInt64 = 0
      func perform(_ actions: [SessionMachine.Action]) {
        for action in actions {
          switch action {
          case .open(let number): connection = number
          case .append(_, let sequence, _): perform(bench.feed(.stored(through: sequence)))
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
        case 2, 3: perform(bench.feed(.opened(connection, .acks)))
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
      perform(bench.feed(.opened(connection, .acks)))
      while !pendingAcks.isEmpty {
        perform(bench.feed(.acked(connection, id: pendingAcks.removeFirst())))
      }
      #expect(
        delivered == Array(1...max(1, submitted)).prefix(Int(submitted)).map { $0 }, "seed \(seed)")
      #expect(bench.machine.window.count == 0, "seed \(seed)")
    }
  }
}

import Testing

@testable import HookupCore

struct SessionMachineOutboxTests {
  @Test func `a full outbox lets send wait and takes the waiting in order as it drains`() {
    var bench = SessionMachineBench { $0.maximumMessages = 1 }
    bench.connect()
    _ = bench.store(ticket: 1)
    #expect(bench.feed(.submitted(2, bytes: 10, ackTimeout: nil)) == [])
    #expect(bench.feed(.submitted(3, bytes: 10, ackTimeout: nil)) == [])
    #expect(bench.feed(.cancelled(2)) == [])
    _ = bench.feed(.loaded(1, [1]))
    #expect(
      bench.feed(.acked(1, id: 1)) == [
        .settle(1), .report(.acknowledged(1)), .append(3, 2, tag: 0),
      ])
  }

  @Test func `a full outbox refuses when it is told to`() throws {
    var bench = SessionMachineBench {
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
    var bench = SessionMachineBench { $0.maximumMessageBytes = 5 }
    guard case .refuse(1, let error)? = bench.feed(.submitted(1, bytes: 6, ackTimeout: nil)).first
    else {
      Issue.record("not refused")
      return
    }
    #expect(error.code == .messageTooBig)
  }

  @Test
  func `without a buffer send fails while offline and the unsettled fail with the connection`() {
    var bench = SessionMachineBench { $0.keepsWhileDisconnected = false }
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

  @Test func `the window bounds what is in flight`() {
    var bench = SessionMachineBench { $0.inFlightMessages = 2 }
    bench.connect()
    for ticket in UInt64(1)...3 { _ = bench.store(ticket: ticket) }
    #expect(bench.feed(.loaded(1, [1])).last == .load(1, from: 2, count: 1, bytes: (4 << 20) - 10))
    #expect(bench.feed(.loaded(1, [2])).count == 2, "no further load")
    #expect(bench.feed(.acked(1, id: 1)).last == .load(1, from: 3, count: 1, bytes: (4 << 20) - 10))
  }

  @Test func `an unwritable socket stops the pump`() {
    var bench = SessionMachineBench()
    bench.connect()
    #expect(bench.feed(.writable(1, false)) == [])
    #expect(bench.store(ticket: 1) == [.append(1, 1, tag: 0), .accept(1...1)])
    #expect(bench.feed(.writable(1, true)) == [.load(1, from: 1, count: 256, bytes: 4 << 20)])
  }

  @Test func `a message that the wire cannot carry fails and lets the next one go`() {
    var bench = SessionMachineBench { $0.inFlightMessages = 1 }
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

  @Test func `a failed append rejects its caller and leaves no hole in the way`() {
    var bench = SessionMachineBench()
    bench.connect()
    _ = bench.feed(.submitted(1, bytes: 10, ackTimeout: nil))
    let error = HookupError(.storage, "disk full")
    #expect(
      bench.feed(.storeFailed(1...1, error)) == [.reject(1...1, error), .report(.error(error))])
    #expect(
      bench.store(ticket: 2) == [
        .append(2, 2, tag: 0), .accept(2...2), .load(1, from: 2, count: 256, bytes: 4 << 20),
      ])
  }

  @Test func `who waits behind a message that is withdrawn gets the room it fits`() {
    var bench = SessionMachineBench { $0.maximumBytes = 100 }
    _ = bench.feed(.submitted(1, bytes: 60, ackTimeout: nil))
    _ = bench.feed(.stored(through: 1))
    #expect(bench.feed(.submitted(2, bytes: 50, ackTimeout: nil)) == [])
    #expect(bench.feed(.submitted(3, bytes: 10, ackTimeout: nil)) == [], "no overtaking")
    #expect(bench.feed(.cancelled(2)) == [.append(3, 2, tag: 0)])
    #expect(bench.feed(.cancelled(3)) == [], "it has its number: too late")
  }

  @Test func `a message larger than the whole outbox goes when nothing else is in it`() {
    var bench = SessionMachineBench { $0.maximumBytes = 5 }
    #expect(bench.feed(.submitted(1, bytes: 10, ackTimeout: nil)) == [.append(1, 1, tag: 0)])
    #expect(bench.feed(.submitted(2, bytes: 1, ackTimeout: nil)) == [])
  }

  @Test func `who waits for room is told when the client ends`() {
    var bench = SessionMachineBench { $0.maximumMessages = 1 }
    _ = bench.store(ticket: 1)
    _ = bench.feed(.submitted(2, bytes: 10, ackTimeout: nil))
    #expect(
      bench.feed(.stop) == [
        .refuse(2, HookupError(.closed, "the client was closed while the message waited")),
        .finish(nil),
      ])
  }

  @Test func `what is being stored when the client ends is answered all the same`() {
    var bench = SessionMachineBench()
    _ = bench.feed(.submitted(1, bytes: 10, ackTimeout: nil))
    _ = bench.feed(.submitted(2, bytes: 10, ackTimeout: nil))
    _ = bench.feed(.stop)
    #expect(bench.feed(.stored(through: 1)) == [.accept(1...1)])
    let error = HookupError(.storage, "disk full")
    #expect(bench.feed(.storeFailed(2...2, error)) == [.reject(2...2, error)])
  }

  @Test func `confirming what was confirmed changes nothing`() {
    var bench = SessionMachineBench()
    _ = bench.store(ticket: 1)
    #expect(bench.feed(.stored(through: 1)) == [])
  }

  @Test func `a failed append makes room for who waits`() {
    var bench = SessionMachineBench { $0.maximumMessages = 1 }
    _ = bench.feed(.submitted(1, bytes: 10, ackTimeout: nil))
    _ = bench.feed(.submitted(2, bytes: 10, ackTimeout: nil))
    let error = HookupError(.storage, "disk full")
    #expect(
      bench.feed(.storeFailed(1...1, error)) == [
        .reject(1...1, error), .report(.error(error)), .append(2, 2, tag: 0),
      ])
  }

  @Test func `what was settled while it was being read is not sent`() {
    var bench = SessionMachineBench { $0.unacked = .drop }
    bench.connect()
    _ = bench.store(ticket: 1)
    _ = bench.feed(.storeFailed(1...1, HookupError(.storage, "gone")))
    #expect(bench.feed(.loaded(1, [1])) == [.discard(1)])
    #expect(bench.feed(.loaded(1, [])) == [], "nothing read asks for nothing more")
  }

  @Test func `an outbox that cannot be read breaks the connection, to try again`() {
    var bench = SessionMachineBench()
    bench.connect()
    _ = bench.store(ticket: 1)
    let error = HookupError(.storage, "bad sector")
    let actions = bench.feed(.loadFailed(1, error))
    #expect(
      actions.prefix(2) == [.report(.error(error)), .report(.disconnected(reason: "bad sector"))])
    #expect(actions.last == .abort(1))
    #expect(bench.machine.link.state == .retrying)
  }

  @Test func `what a lost connection asked the outbox for is forgotten`() {
    var bench = SessionMachineBench()
    bench.connect()
    _ = bench.store(ticket: 1)
    _ = bench.feed(.closed(1, code: 1006, reason: ""))
    #expect(bench.feed(.loaded(1, [1])) == [.discard(1)])
  }
}

import Testing

@testable import HookupCore

struct SessionMachineConnectionTests {
  @Test func `what is unsettled when the connection is lost goes first on the next one, in order`()
  {
    var bench = SessionMachineBench()
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
      bench.feed(.opened(2, .acks)) == [
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

  @Test func `acks that stand still break the connection`() {
    var bench = SessionMachineBench { $0.reconnect.provenAfter = .seconds(1000) }
    bench.connect()
    _ = bench.store(ticket: 1)
    _ = bench.feed(.loaded(1, [1]))
    bench.now = bench.now + .seconds(60)
    let actions = bench.feed(.timer)
    #expect(actions.contains(.abort(1)))
    #expect(actions.contains(.report(.disconnected(reason: "no ack for 60 s"))))
    #expect(bench.feed(.closed(1, code: 1006, reason: "")) == [], "its end is old news")
  }

  @Test func `attempts count up, wait at least what the server asks, and end at the maximum`() {
    var bench = SessionMachineBench { $0.reconnect.attempts = .maximum(2) }
    let failure = SessionMachine.OpenFailure(
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
    var bench = SessionMachineBench()
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
    var bench = SessionMachineBench()
    bench.connect()
    let actions = bench.feed(.closed(1, code: 4009, reason: "superseded"))
    guard case .finish(let error?)? = actions.last else {
      Issue.record("\(actions)")
      return
    }
    #expect(error.code == .refused)

    var staying = SessionMachineBench { $0.staysAfterGivingUp = true }
    staying.connect()
    _ = staying.feed(.closed(1, code: 4009, reason: "superseded"))
    #expect(staying.machine.link.state == .offline)
    #expect(staying.feed(.reconnectRequested) == [.open(2)])
  }

  @Test func `a message too big for the peer is given up, so that the next connection lives`() {
    var bench = SessionMachineBench()
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
    var bench = SessionMachineBench()
    bench.connect()
    #expect(bench.feed(.stop) == [.close(1, code: 1000, reason: "")])
    #expect(
      bench.feed(.closed(1, code: 1000, reason: "")) == [
        .report(.disconnected(reason: "closed")), .finish(nil),
      ])
    #expect(bench.feed(.start) == [])
  }

  @Test func `a connection that opens after we went offline is dropped`() {
    var bench = SessionMachineBench()
    _ = bench.feed(.start)
    #expect(bench.feed(.offlineRequested) == [.abort(1)])
    #expect(bench.feed(.opened(1, .acks)) == [.abort(1)])
    #expect(bench.machine.link.state == .offline)
  }

  @Test func `a failed attempt of an earlier connection means nothing`() {
    var bench = SessionMachineBench()
    _ = bench.feed(.start)
    let failure = SessionMachine.OpenFailure(error: HookupError(.connectFailed, "refused"))
    #expect(bench.feed(.openFailed(7, failure)) == [])
    #expect(bench.machine.state == .connecting(1))
  }

  @Test func `a person who asks for a reconnection gets it now, whatever the client was doing`() {
    var bench = SessionMachineBench()
    #expect(bench.feed(.reconnectRequested) == [.open(1)], "offline")
    #expect(bench.feed(.reconnectRequested) == [], "under way already")
    _ = bench.feed(.openFailed(1, .init(error: HookupError(.connectFailed, "refused"))))
    #expect(bench.machine.link.attempt == 1)
    #expect(bench.feed(.reconnectRequested) == [.open(2)], "waiting for the next retry")
    #expect(bench.machine.link.attempt == 0)
    _ = bench.feed(.opened(2, .acks))
    #expect(bench.feed(.reconnectRequested) == [.abort(2)], "online, but believed dead")
    #expect(
      bench.feed(.closed(2, code: 1006, reason: "")) == [
        .report(.disconnected(reason: "connection closed (1006)")), .open(3),
      ])
    _ = bench.feed(.opened(3, .acks))
    let next = bench.feed(.closed(3, code: 1006, reason: ""))
    #expect(!next.contains(.open(4)), "asked for once, not for ever")
  }

  @Test func `a reconnection asked for during the goodbye follows it`() {
    var bench = SessionMachineBench()
    bench.connect()
    #expect(bench.feed(.offlineRequested) == [.close(1, code: 1000, reason: "")])
    #expect(bench.feed(.reconnectRequested) == [])
    #expect(
      bench.feed(.closed(1, code: 1000, reason: "")) == [
        .report(.disconnected(reason: "closed")), .open(2),
      ])
    #expect(bench.machine.link.state == .connecting)

    bench.connect(2)
    _ = bench.feed(.offlineRequested)
    _ = bench.feed(.reconnectRequested)
    _ = bench.feed(.offlineRequested)
    #expect(
      bench.feed(.closed(2, code: 1000, reason: "")) == [.report(.disconnected(reason: "closed"))])
    #expect(bench.machine.link.state == .offline, "the last word counts")
  }

  @Test func `a stop is final: nothing said during the goodbye takes it back`() {
    var bench = SessionMachineBench()
    bench.connect()
    _ = bench.feed(.stop)
    #expect(bench.feed(.offlineRequested) == [])
    #expect(bench.feed(.reconnectRequested) == [])
    #expect(
      bench.feed(.closed(1, code: 1000, reason: "")) == [
        .report(.disconnected(reason: "closed")), .finish(nil),
      ])

    var leaving = SessionMachineBench()
    leaving.connect()
    _ = leaving.feed(.offlineRequested)
    #expect(leaving.feed(.stop) == [])
    #expect(leaving.feed(.closed(1, code: 1000, reason: "")).last == .finish(nil))
  }

  @Test func `a stop ends what is offline, waiting or being opened at once`() {
    var offline = SessionMachineBench()
    #expect(offline.feed(.stop) == [.finish(nil)])
    var opening = SessionMachineBench()
    _ = opening.feed(.start)
    #expect(opening.feed(.stop) == [.abort(1), .finish(nil)])
    #expect(opening.feed(.opened(1, .acks)) == [.abort(1)])
    var waiting = SessionMachineBench()
    _ = waiting.feed(.start)
    _ = waiting.feed(.openFailed(1, .init(error: HookupError(.connectFailed, "refused"))))
    #expect(waiting.feed(.stop) == [.finish(nil)])
    #expect(waiting.machine.nextDeadline == nil)
    #expect(waiting.feed(.timer) == [])
  }

  @Test func `a proved connection that is sent away dials at once, another waits`() {
    var proved = SessionMachineBench()
    proved.connect()
    proved.now = proved.now + .seconds(30)
    _ = proved.feed(.timer)
    #expect(proved.feed(.closed(1, code: 4205, reason: "gap")).last == .open(2))
    _ = proved.feed(.opened(2, .acks))
    let again = proved.feed(.closed(2, code: 4205, reason: "gap"))
    guard case .report(.reconnecting)? = again.last else {
      Issue.record("\(again)")
      return
    }
  }

  @Test func `a timer that comes early does nothing`() {
    var bench = SessionMachineBench()
    _ = bench.feed(.start)
    _ = bench.feed(
      .openFailed(
        1, .init(error: HookupError(.connectFailed, "refused"), retryAfter: .seconds(9))))
    bench.now = bench.now + .seconds(8)
    #expect(bench.feed(.timer) == [])
    bench.now = bench.now + .seconds(1)
    #expect(bench.feed(.timer) == [.open(2)])
  }

  @Test func `a reader that was behind before the connection keeps it from reading`() {
    var bench = SessionMachineBench()
    #expect(bench.feed(.readerIsBehind(true)) == [])
    _ = bench.feed(.start)
    #expect(
      bench.feed(.opened(1, .acks)) == [
        .report(.connected(1)), .setReading(1, false),
      ])
  }
}

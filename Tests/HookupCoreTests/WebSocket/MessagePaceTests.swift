import Testing

@testable import HookupCore

@Suite struct MessagePaceTests {
  private func pace(_ grace: Duration? = .seconds(60), maximumBytes: Int = 1 << 20) -> MessagePace {
    MessagePace(.init(role: .server, maximumMessageBytes: maximumBytes, messageTimeout: grace))
  }

  @Test func `a message has its time from its first byte on, and its end ends it`() {
    var pace = pace()
    #expect(pace.deadline == nil)
    pace.received(0, isUnderWay: true, isNew: false, at: .seconds(5))
    #expect(pace.deadline == .seconds(65))
    #expect(pace.timePassed(at: .seconds(64.9)) == false)
    #expect(pace.timePassed(at: .seconds(65)) == true)
    pace.received(9, isUnderWay: false, isNew: true, at: .seconds(6))
    #expect(pace.deadline == nil)
    #expect(pace.timePassed(at: .seconds(1_000)) == false)
  }

  @Test func `each KiB buys a second, a byte next to nothing`() throws {
    var pace = pace()
    pace.received(1, isUnderWay: true, isNew: false, at: .zero)
    pace.received(10 * 1_024, isUnderWay: true, isNew: false, at: .seconds(1))
    let deadline = try #require(pace.deadline)
    #expect(deadline > .seconds(69.9) && deadline <= .seconds(70))
    // A byte a second, for as long as it lasts: over soon.
    var now = 1.0
    while !pace.timePassed(at: .seconds(now)), now < 1_000 {
      now += 1
      pace.received(1, isUnderWay: true, isNew: false, at: .seconds(now))
    }
    #expect(now <= 71)
  }

  @Test func `a slow link that never stands still gets the largest message through`() {
    var pace = pace(.seconds(10))
    for second in 0...1_024 as ClosedRange<Int> {
      #expect(pace.timePassed(at: .seconds(Double(second))) == false)
      pace.received(1_024, isUnderWay: true, isNew: false, at: .seconds(Double(second)))
    }
  }

  @Test func `what cannot be the message's buys no time`() throws {
    var pace = pace(maximumBytes: 2_048)
    pace.received(1, isUnderWay: true, isNew: false, at: .zero)
    for _ in 0..<100 { pace.received(.max / 2, isUnderWay: true, isNew: false, at: .zero) }
    let deadline = try #require(pace.deadline)
    #expect(deadline <= .seconds(62))
  }

  @Test func `a message that began behind another one has a time of its own`() {
    var pace = pace()
    pace.received(1, isUnderWay: true, isNew: false, at: .zero)
    pace.received(500, isUnderWay: true, isNew: true, at: .seconds(50))
    #expect(pace.deadline == .seconds(110))
  }

  @Test func `while nobody reads no time passes, and then it is the whole time`() {
    var pace = pace()
    pace.received(1, isUnderWay: true, isNew: false, at: .zero)
    pace.suspend()
    #expect(pace.deadline == nil)
    #expect(pace.timePassed(at: .seconds(1_000)) == false)
    pace.resume(isUnderWay: true, at: .seconds(1_000))
    #expect(pace.deadline == .seconds(1_060))
    pace.suspend()
    pace.resume(isUnderWay: false, at: .seconds(2_000))
    #expect(pace.deadline == nil)
  }

  @Test func `a process that slept gives the peer its time again`() {
    var pace = pace()
    pace.received(1, isUnderWay: true, isNew: false, at: .zero)
    #expect(pace.timePassed(at: .seconds(62)) == false)
    #expect(pace.deadline == .seconds(122))
    #expect(pace.timePassed(at: .seconds(122.5)) == true)
  }

  @Test func `without a time a message may take for ever`() {
    var pace = pace(nil)
    pace.received(1, isUnderWay: true, isNew: true, at: .zero)
    pace.resume(isUnderWay: true, at: .zero)
    #expect(pace.deadline == nil)
  }
}

/// The same in the machine.
@Suite struct MessageTimeoutTests {
  private func bench(keepalive: KeepaliveSettings? = nil) -> MachineBench {
    MachineBench(.server, keepalive: keepalive, messageTimeout: .seconds(60))
  }

  @Test(
    arguments: [
      // The first byte of a header; a header; half a payload; a fragment; a fragment and half a ping.
      [0x82], [0x82, 0x85, 1, 2, 3, 4], [0x82, 0x85, 1, 2, 3, 4, 5, 6],
      [0x02, 0x81, 0, 0, 0, 0, 7], [0x02, 0x81, 0, 0, 0, 0, 7, 0x89, 0x82, 0, 0],
    ] as [[UInt8]])
  func `half a message is closed 1008 when its time is up`(half: [UInt8]) {
    var bench = bench()
    #expect(bench.machine.nextDeadline == nil)
    #expect(bench.receive(half, at: 1) == [])
    #expect(bench.machine.nextDeadline == .seconds(61))
    #expect(bench.feed(.timer, at: 60.9) == [])
    #expect(
      bench.feed(.timer, at: 61) == [
        writtenClose(1008, "a message takes too long to arrive"), .closeOutput,
      ])
  }

  @Test func `whole messages and silence between them take as long as they like`() {
    var bench = bench()
    for second in [1, 1_000, 2_000] {
      #expect(bench.receive(Sample.text("x", to: .server), at: Double(second)).count == 1)
      #expect(bench.machine.nextDeadline == nil)
      #expect(bench.feed(.timer, at: Double(second + 500)) == [])
    }
  }

  @Test func `pings are still sent within a message, and what comes first counts`() {
    var bench = bench(keepalive: KeepaliveSettings(pingAfter: .seconds(10)))
    _ = bench.receive([0x82], at: 0)
    let deadline = bench.machine.nextDeadline
    #expect(deadline.map { $0 < .seconds(12) } == true)
    #expect(bench.feed(.timer, at: 12).count == 1)
  }

  @Test func `an owner that does not read costs the peer no time`() {
    var bench = bench()
    _ = bench.receive([0x82], at: 0)
    #expect(bench.feed(.reading(false), at: 10) == [.read(false)])
    #expect(bench.feed(.timer, at: 100) == [])
    #expect(bench.feed(.reading(true), at: 100) == [.read(true)])
    #expect(bench.machine.nextDeadline == .seconds(160))
  }
}

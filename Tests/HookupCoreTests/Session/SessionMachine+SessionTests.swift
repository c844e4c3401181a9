import Testing

@testable import HookupCore

/// What happens between two connections of a session: the corner cases of the page Protocol, each by its name.
struct SessionMachineSessionTests {
  @Test func `what is sent is delivered once, in order, and confirmed`() {
    var pair = SessionPair()
    pair.connect()
    for _ in 1...5 { pair.send() }
    pair.settle()
    #expect(pair.server.delivered == [1, 2, 3, 4, 5])
    #expect(pair.client.confirmed == [1, 2, 3, 4, 5])
    #expect(pair.client.outbox.isEmpty && pair.client.machine.backlog.messages == 0)
  }

  @Test func `both sides send at once`() {
    var pair = SessionPair(serverSends: true)
    pair.connect()
    for _ in 1...3 {
      pair.send(.client)
      pair.send(.server)
    }
    pair.settle()
    #expect(pair.server.delivered == [1, 2, 3] && pair.client.delivered == [1, 2, 3])
    #expect(pair.client.confirmed == [1, 2, 3] && pair.server.confirmed == [1, 2, 3])
  }

  @Test func `welcome lost: the next one says the same`() {
    var pair = SessionPair()
    pair.send()
    pair.connect(exchange: false)
    pair.carry(.client)
    pair.cut()
    pair.connect()
    #expect(pair.server.delivered == [1] && pair.client.confirmed == [1])
  }

  @Test func `acks lost: what was committed is settled by the welcome and not sent again`() {
    var pair = SessionPair()
    pair.connect()
    for _ in 1...3 { pair.send() }
    for _ in 1...3 { pair.carry(.client) }
    pair.cut()
    #expect(pair.client.confirmed == [])
    pair.connect()
    #expect(pair.server.delivered == [1, 2, 3] && pair.server.redelivered == [])
    #expect(pair.client.confirmed == [1, 2, 3])
  }

  @Test func `a cut during the drain: what was on the way goes again, once`() {
    var pair = SessionPair()
    for _ in 1...9 { pair.send() }
    pair.connect(exchange: false)
    pair.carry(.client)
    pair.carry(.server)
    for _ in 1...4 { pair.carry(.client) }
    pair.cut()
    for _ in 1...2 { pair.send() }
    pair.connect()
    #expect(pair.server.delivered == Array(1...11) && pair.client.confirmed == Array(1...11))
  }

  @Test func `sends during the drain keep their place behind it`() {
    var pair = SessionPair { $0.inFlightMessages = 2 }
    for _ in 1...4 { pair.send() }
    pair.connect(exchange: false)
    pair.carry(.client)
    pair.carry(.server)
    for _ in 1...4 { pair.send() }
    pair.settle()
    #expect(pair.server.delivered == Array(1...8))
  }

  @Test func `many resumes in a row lose and double nothing`() {
    var pair = SessionPair()
    for round in 1...50 {
      pair.send()
      pair.connect(exchange: false)
      for _ in 0..<round % 5 {
        pair.carry(.client)
        pair.carry(.server)
      }
      pair.cut()
    }
    pair.connect()
    #expect(pair.server.delivered == Array(1...50) && pair.client.confirmed == Array(1...50))
  }

  @Test func `both processes may die at any time`() {
    var pair = SessionPair(serverSends: true)
    for round in 1...30 {
      pair.send(.client)
      pair.send(.server)
      pair.connect(exchange: false)
      for _ in 0..<round % 7 {
        pair.carry(.client)
        pair.carry(.server)
      }
      pair.restart(round % 2 == 0 ? .client : .server)
    }
    pair.connect()
    #expect(pair.server.delivered == Array(1...30) && pair.client.delivered == Array(1...30))
    #expect(pair.server.breaks == [] && pair.client.breaks == [])
  }

  @Test func `two hellos at once: the higher count wins, the lower is told so`() {
    var pair = SessionPair()
    pair.connect()
    let hello = SessionHello(
      client: SessionID(high: 1, low: 2), incarnation: 1, connection: 1,
      sending: SessionHello.Sending(epoch: 100, low: 1, high: 0, acked: 0),
      receiving: SessionHello.Receiving(epoch: 0, committed: nil, tag: 0), credit: 9,
      maximumMessageBytes: 9)
    pair.feed(.server, .hello(77, hello, .nothing))
    #expect(pair.server.closes == [4009])
    #expect(pair.server.machine.openConnection == 1)
    var copy = hello
    copy.incarnation = 2
    pair.server.closes = []
    pair.isUp = false
    pair.feed(.server, .hello(78, copy, .nothing))
    #expect(pair.server.closes == [4010])
  }

  @Test func `late frames of a fenced socket are not heard`() {
    var pair = SessionPair()
    pair.connect()
    pair.send()
    let late = SessionMachine.Event.numbered(1, sequence: 1, tag: 5, isRedelivered: false)
    // The client has given the connection up and dials again; the server has not noticed.
    pair.client.frames = []
    pair.isUp = false
    pair.feed(.client, .closed(1, code: 1006, reason: ""))
    pair.connect()
    #expect(pair.server.delivered == [1])
    pair.feed(.server, late)
    #expect(pair.server.delivered == [1])
    #expect(pair.client.confirmed == [1])
  }

  @Test
  func
    `yesterday's backup on the server: the lost range is told on both sides, and what is held goes again`()
  {
    var pair = SessionPair()
    pair.connect()
    for _ in 1...10 { pair.send() }
    pair.settle()
    pair.server.committed = 4
    pair.server.committedTag = 0
    pair.restart(.server)
    pair.send()
    pair.connect()
    #expect(pair.client.breaks == [.forgotten(5...10)])
    #expect(pair.server.breaks == [.lost(5...10)])
    #expect(pair.server.delivered == Array(1...11) && pair.client.confirmed.last == 11)
    #expect(pair.server.committed == 11)
  }

  /// Six messages were delivered; the client is back at the third.
  private static func withRestoredClient() -> SessionPair {
    var pair = SessionPair()
    pair.connect()
    for _ in 1...3 { pair.send() }
    pair.settle()
    let backup = pair.client
    for _ in 1...3 { pair.send() }
    pair.settle()
    pair.cut()
    pair.client = backup
    pair.restart(.client)
    return pair
  }

  @Test func `yesterday's backup on the client: numbers are never used again`() {
    var pair = Self.withRestoredClient()
    pair.send()
    pair.connect()
    #expect(pair.client.breaks == [.renumbered(4..<5)])
    pair.connect()
    #expect(pair.client.identity.epoch != 100 && pair.client.identity.base == 3)
    #expect(pair.server.delivered.suffix(1) == [1], "number 1 of the new numbering")
    #expect(pair.server.redelivered == [], "it was never on the wire")
    #expect(pair.client.confirmed.last == 4)
  }

  @Test func `a restored client whose new messages have old numbers is found by their tags`() {
    var pair = Self.withRestoredClient()
    for _ in 1...5 { pair.send() }
    pair.connect()
    #expect(pair.client.breaks == [.renumbered(4..<9)])
    pair.connect()
    #expect(pair.server.delivered == Array(1...6) + Array(1...5))
    #expect(pair.client.confirmed.suffix(5) == [4, 5, 6, 7, 8])
  }

  @Test func `a cloned directory: the one that counts lower gets an identity of its own`() {
    var pair = SessionPair()
    pair.connect()
    pair.cut()
    pair.connect()
    let other = pair.client.identity.client
    pair.cut()
    // The copy was made before the last dial, and sends.
    pair.dials -= 1
    pair.restart(.client)
    pair.send()
    pair.connect()
    #expect(pair.server.closes == [4010])
    #expect(pair.client.identity.client != other && pair.client.identity.epoch != 100)
    #expect(pair.client.machine.link.state == .retrying)
  }

  @Test func `a server that remembers nothing gets what is held, marked, and tells no loss`() {
    var pair = SessionPair()
    pair.server.remembers = false
    pair.connect()
    for _ in 1...3 { pair.send() }
    pair.settle()
    pair.server.commits = false
    for _ in 1...2 { pair.send() }
    pair.settle()
    pair.restart(.server)
    pair.server.commits = true
    pair.send()
    pair.connect()
    #expect(pair.server.delivered == [1, 2, 3, 4, 5, 4, 5, 6])
    #expect(pair.server.redelivered == [4, 5])
    #expect(pair.client.confirmed == Array(1...6) && pair.client.breaks == [])
  }

  @Test func `a server that began a new numbering says so, and its client tells it`() {
    var pair = SessionPair(serverSends: true)
    pair.connect()
    pair.send(.server)
    pair.settle()
    pair.server.identity.epoch = 2 << 32
    pair.server.outbox = [:]
    pair.server.nextSequence = 1
    pair.restart(.server)
    pair.send(.server)
    pair.connect()
    #expect(pair.client.breaks == [.restarted(last: 1)])
    #expect(pair.client.delivered == [1, 1])
  }

  @Test func `a server that does not answer the hello is given up in time`() {
    var pair = SessionPair()
    pair.connect(exchange: false)
    pair.now = pair.client.machine.nextDeadline ?? pair.now
    #expect(pair.now == .zero + .seconds(10))
    pair.feed(.client, .timer)
    #expect(pair.client.machine.link.state == .retrying)
  }

  @Test func `a bye with a window is heeded once`() {
    var pair = SessionPair()
    pair.connect()
    pair.hear(
      .client, .bye(ResumeFrame.Bye(reason: "restart", resumes: true, after: 5_000...6_000)))
    pair.cut()
    let wait = pair.now.duration(to: pair.client.machine.nextDeadline ?? pair.now)
    #expect(wait >= .seconds(5) && wait <= .seconds(6))
  }

  @Test func `a bye does not outlive the connection that follows it`() {
    var pair = SessionPair()
    pair.connect()
    pair.hear(
      .client, .bye(ResumeFrame.Bye(reason: "restart", resumes: true, after: 5_000...6_000)))
    // The server is back sooner, and somebody asks for the connection by hand.
    pair.feed(.client, .reconnectRequested)
    pair.cut()
    pair.connect()
    pair.cut()
    let wait = pair.now.duration(to: pair.client.machine.nextDeadline ?? pair.now)
    #expect(wait <= .seconds(1))
  }

  @Test func `a server that is not back after the window is tried as usual`() {
    var pair = SessionPair()
    pair.connect()
    pair.hear(
      .client, .bye(ResumeFrame.Bye(reason: "restart", resumes: true, after: 5_000...6_000)))
    pair.cut()
    pair.now = pair.client.machine.nextDeadline ?? pair.now
    pair.feed(.client, .timer)
    guard case .connecting(let number) = pair.client.machine.state else {
      Issue.record("it does not dial")
      return
    }
    let failure = SessionMachine.OpenFailure(error: HookupError(.connectFailed, "away"))
    pair.feed(.client, .openFailed(number, failure))
    let wait = pair.now.duration(to: pair.client.machine.nextDeadline ?? pair.now)
    #expect(wait <= .seconds(1))
  }

  @Test func `a bye for ever is not heeded for ever`() {
    var pair = SessionPair()
    pair.connect()
    let longest = 1 << 53 - 1
    pair.hear(
      .client, .bye(ResumeFrame.Bye(reason: "", resumes: true, after: longest...longest)))
    pair.cut()
    let wait = pair.now.duration(to: pair.client.machine.nextDeadline ?? pair.now)
    #expect(wait == SessionMachine.longestRetryAfter)
  }

  @Test func `a bye for good ends the client`() {
    var pair = SessionPair()
    pair.connect()
    pair.hear(.client, .bye(ResumeFrame.Bye(reason: "moved out", resumes: false)))
    #expect(pair.client.closes == [1000])
  }

  @Test func `an accept-then-close server is not dialled without pause`() {
    var pair = SessionPair()
    var dials = 0
    while pair.now < .zero + .seconds(600) {
      pair.connect()
      dials += 1
      pair.cut()
      if case .retrying(let until) = pair.client.machine.state { pair.now = until }
    }
    #expect(dials < 100, "\(dials) in ten minutes")
  }

  @Test func `a word before the welcome ends the connection`() {
    var pair = SessionPair()
    pair.connect(exchange: false)
    pair.hear(.client, .ack(through: 0, credit: 5))
    #expect(pair.client.closes == [1002])
  }
}

import HookupCore
import Testing

@testable import HookupEngine

/// Sessions over real sockets, with a client that speaks the frames by hand.
@Suite(.timeLimit(.minutes(1))) struct ServerSessionTests {
  /// What a handler saw.
  enum Seen: Hashable, Sendable {
    case connected(UInt64)
    case request(String, UInt64, isRedelivered: Bool)
    case broken(SessionBreak)
    case disconnected(UInt64, UInt16)
  }

  func withSessions(
    _ store: any SessionStore = MemorySessionStore(), byHandler: Bool = true,
    configure: @escaping (inout SessionOptions) -> Void = { _ in },
    confirm: @escaping @Sendable (String, Acknowledgement) -> Void = { $1.confirm() },
    body: @Sendable (ServerAddress, Mailbox<Seen>) async throws -> Void
  ) async throws {
    let seen = Mailbox<Seen>()
    let configuration = configured {
      var options = SessionOptions(store: store)
      configure(&options)
      $0.sessions = options
      $0.acknowledgements = byHandler ? .byHandler : .onReceipt
    }
    try await withServer(configuration) { connection in
      for await event in connection.events {
        switch event {
        case .connected: seen.put(.connected(connection.id.number))
        case .request(.text(let text), let acknowledgement):
          seen.put(
            .request(
              text, acknowledgement.id,
              isRedelivered: acknowledgement.delivery?.isRedelivered ?? false))
          confirm(text, acknowledgement)
        case .text(let text): seen.put(.request(text, 0, isRedelivered: false))
        case .sessionBroken(let what): seen.put(.broken(what))
        case .disconnected(let reason):
          seen.put(.disconnected(connection.id.number, reason.code.rawValue))
        default: break
        }
      }
    } body: { _, address in
      try await body(address, seen)
    }
  }

  @Test func `a hello is welcomed, and messages are acked when they are committed`() async throws {
    let store = MemorySessionStore()
    try await withSessions(store) { address, seen in
      let (peer, welcome) = try await SessionPeer.resume(address)
      #expect(welcome.connection == 1)
      #expect(welcome.receiving.committed == nil)
      #expect(welcome.credit == 1_024)
      #expect(welcome.sending.epoch == 0)
      #expect(try await seen.next() == .connected(1))
      try peer.say(1...3)
      for number in 1...3 as ClosedRange<UInt64> {
        let request = Seen.request("m\(number)", number, isRedelivered: false)
        #expect(try await seen.next() == request)
      }
      #expect(try await peer.acked(through: 3))
      let memory = await store.memory(of: SessionPeer.client, epoch: 7)
      #expect(memory == SessionMemory(.committed(3, tag: 3), lastConnection: 1))
    }
  }

  @Test func `by default a message is confirmed when the handler takes it`() async throws {
    try await withSessions(byHandler: false) { address, seen in
      let (peer, _) = try await SessionPeer.resume(address)
      #expect(try await seen.next() == .connected(1))
      try peer.send(.plain(.text("plain")))
      try peer.say(1...1)
      #expect(try await seen.next() == .request("plain", 0, isRedelivered: false))
      #expect(try await seen.next() == .request("m1", 0, isRedelivered: false))
      #expect(try await peer.acked(through: 1))
    }
  }

  @Test func `a duplicate is dropped and acked again`() async throws {
    try await withSessions { address, seen in
      let (peer, _) = try await SessionPeer.resume(address)
      try peer.say(1...2)
      #expect(try await peer.acked(through: 2))
      try peer.say(1...2)
      #expect(try await peer.acked(through: 2))
      try peer.say(3...3)
      #expect(try await peer.acked(through: 3))
      #expect(seen.count == 4)
    }
  }

  @Test func `messages confirmed out of order are committed in order`() async throws {
    let held = Mailbox<Acknowledgement>()
    let confirm: @Sendable (String, Acknowledgement) -> Void = { text, acknowledgement in
      if text == "m1" { held.put(acknowledgement) } else { acknowledgement.confirm() }
    }
    try await withSessions(confirm: confirm) { address, seen in
      let (peer, _) = try await SessionPeer.resume(address)
      try peer.say(1...3)
      for _ in 1...4 { _ = try await seen.next() }
      let first = try await held.next()
      first.confirm()
      #expect(try await peer.next() == .frame(.ack(through: 3, credit: 1_027)))
    }
  }

  @Test(arguments: [
    (#"{"t":"new","x":1}"#, 4_015 as UInt16), ("not json", 1_002),
    (#"{"t":"ack","a":9,"cred":1}"#, 4_006),
    (#"{"t":"msg","s":9007199254740991,"m":"0000000000000001","type":"text","content":""}"#, 1_008),
    (#"{"t":"msg","s":2,"m":"0000000000000001","type":"text","content":""}"#, 4_205),
    (#"{"t":"msg","s":9007199254740993,"m":"0000000000000001","type":"text","content":""}"#, 1_002),
  ])
  func `hostile rx, hi, s: what breaks the session closes the connection by its class`(
    text: String, code: UInt16
  ) async throws {
    try await withSessions { address, _ in
      let (peer, _) = try await SessionPeer.resume(address)
      peer.send(text: text)
      #expect(try await peer.closed() == code)
      // And it goes on with the next one.
      let (next, _) = try await SessionPeer.resume(address, connection: 2)
      try next.say(1...1)
      #expect(try await next.acked(through: 1))
    }
  }

  @Test func `two hellos at once: the second one on a connection breaks the protocol`() async throws
  {
    try await withSessions { address, _ in
      let (peer, _) = try await SessionPeer.resume(address)
      try peer.send(SessionPeer.hello(connection: 2))
      #expect(try await peer.closed() == 1_002)
    }
  }

  @Test func `accept-then-silence: without a hello the connection is closed`() async throws {
    let configure: (inout SessionOptions) -> Void = { $0.helloTimeout = .milliseconds(50) }
    try await withSessions(configure: configure) { address, seen in
      let peer = try await SessionPeer.connect(address)
      #expect(try await peer.closed() == 1_008)
      #expect(seen.count == 0)
    }
  }

  @Test func `anything but a hello first breaks the protocol`() async throws {
    try await withSessions { address, seen in
      let peer = try await SessionPeer.connect(address)
      try peer.say(1...1)
      #expect(try await peer.closed() == 1_002)
      let other = try await SessionPeer.connect(address)
      other.send(text: #"{"t":"what"}"#)
      #expect(try await other.closed() == 4_015)
      #expect(seen.count == 0)
    }
  }

  @Test func `what comes behind the hello in one read is heard`() async throws {
    try await withSessions { address, _ in
      let peer = try await SessionPeer.connect(address)
      try peer.send(SessionPeer.hello(high: 2))
      try peer.say(1...2)
      guard case .frame(.welcome) = try await peer.next() else {
        Issue.record("no welcome")
        return
      }
      #expect(try await peer.acked(through: 2))
    }
  }

  @Test func `a lower connection number is superseded, an equal one of another process a copy`()
    async throws
  {
    try await withSessions { address, _ in
      let (peer, _) = try await SessionPeer.resume(address, connection: 5)
      for (number, incarnation, code) in [(4, 1, 4_009), (5, 1, 4_009), (5, 2, 4_010)] {
        let other = try await SessionPeer.connect(address)
        try other.send(
          SessionPeer.hello(connection: UInt64(number), incarnation: UInt64(incarnation)))
        #expect(try await other.closed() == UInt16(code))
      }
      try peer.say(1...1)
      #expect(try await peer.acked(through: 1))
    }
  }

  @Test func `late frames of a fenced socket: the old connection ends before the new one begins`()
    async throws
  {
    let held = Mailbox<Acknowledgement>()
    let confirm: @Sendable (String, Acknowledgement) -> Void = { text, acknowledgement in
      if text == "m2" { held.put(acknowledgement) } else { acknowledgement.confirm() }
    }
    try await withSessions(confirm: confirm) { address, seen in
      let (old, _) = try await SessionPeer.resume(address)
      #expect(try await seen.next() == .connected(1))
      try old.say(1...2)
      #expect(try await old.acked(through: 1))
      let late = try await held.next()
      let (new, welcome) = try await SessionPeer.resume(address, connection: 2)
      #expect(welcome.receiving.committed == 1)
      #expect(try await old.closed() == 4_009)
      // What the old connection's handler still says, and its client, is not heard.
      late.confirm()
      try? old.say(3...3)
      try new.say(2...2)
      for expected in [
        Seen.request("m1", 1, isRedelivered: false), .request("m2", 2, isRedelivered: false),
      ] { #expect(try await seen.next() == expected) }
      var rest: Set<Seen> = []
      for _ in 1...3 { rest.insert(try await seen.next()) }
      #expect(
        rest == [.disconnected(1, 4_009), .connected(2), .request("m2", 2, isRedelivered: true)])
      try await held.next().confirm()
      #expect(try await new.acked(through: 2))
    }
  }

  @Test func `welcome lost: the next connection resumes at the same place`() async throws {
    try await withSessions { address, _ in
      let (first, _) = try await SessionPeer.resume(address)
      try first.say(1...2)
      #expect(try await first.acked(through: 2))
      let lost = try await SessionPeer.connect(address)
      try lost.send(SessionPeer.hello(connection: 2, low: 3, high: 2, acked: 2))
      lost.connection.abort()
      for number in 3...6 as ClosedRange<UInt64> {
        let (peer, welcome) = try await SessionPeer.resume(
          address, connection: number, low: 3, high: 2, acked: 2)
        #expect(welcome.receiving.committed == 2)
        peer.connection.abort()
      }
    }
  }

  @Test func `a handler that always fails: what is refused is told, and again in the next welcome`()
    async throws
  {
    let store = MemorySessionStore()
    let body: @Sendable (ServerAddress, Mailbox<Seen>) async throws -> Void = { address, _ in
      let (peer, _) = try await SessionPeer.resume(address)
      try peer.say(1...2)
      #expect(try await peer.next() == .frame(.nack(sequence: 1, reason: "not m1")))
      #expect(try await peer.next() == .frame(.nack(sequence: 2, reason: "not m2")))
      peer.connection.abort()
      let (_, welcome) = try await SessionPeer.resume(address, connection: 2)
      #expect(welcome.refusals.first == SessionHello.Refusal(sequence: 1, reason: "not m1"))
    }
    let refuse: @Sendable (String, Acknowledgement) -> Void = { $1.refuse("not \($0)") }
    try await withSessions(store, confirm: refuse, body: body)
    // The next process knows it too.
    try await withSessions(store) { address, _ in
      let (_, welcome) = try await SessionPeer.resume(address, connection: 3)
      #expect(welcome.receiving.committed == 2)
      #expect(welcome.refusals.map(\.sequence) == [1, 2])
    }
  }

  @Test func `disk full on the server: nothing is acked, the client comes back later`() async throws
  {
    let store = BreakableSessionStore()
    await store.setBroken(true)
    try await withSessions(store) { address, seen in
      let (peer, _) = try await SessionPeer.resume(address)
      try peer.say(1...2)
      #expect(try await peer.next() == .closed(4_113))
      await store.setBroken(false)
      let (next, welcome) = try await SessionPeer.resume(address, connection: 2, high: 2)
      #expect(welcome.receiving.committed == 0)
      try next.say(1...2)
      #expect(try await next.acked(through: 2))
      var seenAll: [Seen] = []
      while seen.count > 0 { seenAll.append(try await seen.next()) }
      #expect(seenAll.contains(.request("m1", 1, isRedelivered: true)))
    }
  }

  @Test func `messages that nobody has any more are reported before what follows`() async throws {
    try await withSessions { address, seen in
      let (peer, _) = try await SessionPeer.resume(address)
      #expect(try await seen.next() == .connected(1))
      try peer.send(.skip(through: 3, tag: 0, reason: .lost))
      try peer.say(4...4)
      #expect(try await seen.next() == .broken(.lost(1...3)))
      #expect(try await seen.next() == .request("m4", 4, isRedelivered: false))
      #expect(try await peer.acked(through: 4))
      try peer.send(.skip(through: 6, tag: 0, reason: .withdrawn))
      #expect(try await peer.acked(through: 6))
    }
  }

  @Test
  func
    `yesterday's backup on the server: the client hears an older number, the handler of the loss`()
    async throws
  {
    let backup = MemorySessionStore()
    await backup.commit([
      SessionCursor(client: SessionPeer.client, epoch: 7, committed: 3, tag: 3, connection: 2)
    ])
    try await withSessions(backup) { address, seen in
      let (peer, welcome) = try await SessionPeer.resume(
        address, connection: 9, low: 6, high: 6, acked: 5)
      #expect(welcome.receiving.committed == 3)
      #expect(welcome.receiving.tag == 3)
      #expect(try await seen.next() == .connected(1))
      try peer.send(.skip(through: 5, tag: 0, reason: .lost))
      try peer.say(6...6)
      #expect(try await seen.next() == .broken(.lost(4...5)))
      #expect(try await seen.next() == .request("m6", 6, isRedelivered: false))
      #expect(try await peer.acked(through: 6))
    }
  }

  @Test func `a server restart in mid-replay: the client goes on from what is committed`()
    async throws
  {
    let store = MemorySessionStore()
    let first = Mailbox<Void>()
    let confirm: @Sendable (String, Acknowledgement) -> Void = { text, acknowledgement in
      if text == "m3" { first.put(()) } else { acknowledgement.confirm() }
    }
    try await withSessions(store, confirm: confirm) { address, _ in
      let (peer, _) = try await SessionPeer.resume(address, high: 4)
      try peer.say(1...4)
      #expect(try await peer.acked(through: 2))
      try await first.next()
    }
    try await withSessions(store) { address, seen in
      let (peer, welcome) = try await SessionPeer.resume(address, connection: 2, high: 4)
      #expect(welcome.receiving.committed == 2)
      try peer.say(3...4)
      #expect(try await peer.acked(through: 4))
      #expect(try await seen.next() == .connected(1))
      #expect(try await seen.next() == .request("m3", 3, isRedelivered: false))
    }
  }

  @Test func `a message that wants an ack is refused by name`() async throws {
    let refused = Mailbox<String>()
    try await withServer(configured { $0.sessions = SessionOptions(store: MemorySessionStore()) }) {
      connection in
      do {
        try await connection.send(Message.text("x").needsAck())
      } catch let error as HookupError {
        refused.put(error.message)
      }
    } body: { _, address in
      _ = try await SessionPeer.resume(address)
      #expect(try await refused.next().contains("SessionOptions.replay"))
    }
  }

  @Test func `when every session is in use one more client is told to come back`() async throws {
    let configure: (inout SessionOptions) -> Void = { $0.maximumSessions = 1 }
    try await withSessions(configure: configure) { address, _ in
      let (peer, _) = try await SessionPeer.resume(address)
      let other = try await SessionPeer.connect(address)
      try other.send(SessionPeer.hello(client: SessionID(high: 1, low: 1)))
      #expect(try await other.closed() == 4_113)
      peer.connection.close(code: 1_000, reason: "")
      #expect(try await peer.closed() == 1_000)
      try await until {
        let again = try await SessionPeer.connect(address)
        try again.send(SessionPeer.hello(connection: 2, client: SessionID(high: 1, low: 1)))
        if case .frame(.welcome) = try await again.next() { return true }
        return false
      }
    }
  }
}

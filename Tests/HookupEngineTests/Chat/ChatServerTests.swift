import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(2))) struct ChatServerTests {
  private func client(_ number: UInt64) throws -> ClientID { try ClientID(hex(0) + hex(number)) }

  @Test func `what one says all in the room read, in order and numbered`() async throws {
    try await withChatServer { _, address in
      let alice = try await ChatPeer.welcome(address, "alice")
      let bob = try await ChatPeer.welcome(address, "bob", format: SimpleJSONFormat())
      #expect(try await alice.join("ops").members.map(\.text) == ["alice"])
      #expect(try await bob.join("#ops").members.map(\.text) == ["alice", "bob"])
      #expect(try await alice.nextEvent() == .arrived(RoomName("ops"), Nick("bob")))
      for number in 1...20 {
        try alice.say("a\(number)", id: "a\(number)")
        try bob.say("b\(number)", id: "b\(number)")
      }
      var offsets: [UInt64] = []
      var texts: [String] = []
      for _ in 1...40 {
        let entry = try await bob.nextEntry()
        offsets.append(entry.offset)
        texts.append(entry.text)
        #expect(entry.milliseconds == ChatPeer.time)
      }
      #expect(offsets == Array(1...40))
      #expect(texts.filter { $0.hasPrefix("a") } == (1...20).map { "a\($0)" })
      #expect(texts.filter { $0.hasPrefix("b") } == (1...20).map { "b\($0)" })
    }
  }

  @Test func `the stored event comes before the ack, and a resend gets the same offset`()
    async throws
  {
    try await withChatServer { _, address in
      let ops = try RoomName("ops")
      let id = try MessageID("m1")
      let stored = ChatEvent.stored(ops, id: id, offset: 1, milliseconds: ChatPeer.time)
      let say = ChatCommand.say(ops, id: id, text: "hi")
      let alice = try await ChatPeer.welcome(address, "alice", client: try client(1))
      let first = try alice.request(say)
      #expect(try await alice.next() == .event(stored))
      #expect(try await alice.next() == .ack(first))
      let second = try alice.request(say)
      #expect(try await alice.next() == .event(stored))
      #expect(try await alice.next() == .ack(second))
      try alice.send(.history(ops, .after(0), limit: nil))
      guard case .history(_, let entries, false) = try await alice.nextEvent() else {
        Issue.record("no history")
        return
      }
      #expect(entries.map(\.text) == ["hi"])
    }
  }

  @Test func `a resend on another connection of the same client is a duplicate too`() async throws {
    try await withChatServer { _, address in
      let first = try await ChatPeer.welcome(address, "alice", client: try client(1))
      try first.say("hi", id: "m1")
      guard case .stored(_, _, 1, _) = try await first.nextEvent() else { return }
      let second = try await ChatPeer.welcome(address, "alice", client: try client(1))
      try second.say("hi", id: "m1")
      try second.say("new", id: "m2")
      var offsets: [UInt64] = []
      for _ in 1...2 {
        if case .stored(_, _, let offset, _) = try await second.nextEvent() {
          offsets.append(offset)
        }
      }
      #expect(offsets == [1, 2])
    }
  }

  @Test func `before the welcome nothing is acked`() async throws {
    try await withChatServer { _, address in
      let peer = try await ChatPeer.connect(address)
      try peer.request(.say(try RoomName("ops"), id: try MessageID("m"), text: "early"))
      guard case .event(.error(let refusal)) = try await peer.next() else {
        Issue.record("no refusal")
        return
      }
      #expect(refusal.code == .helloFirst && refusal.id == nil)
      let hello = try peer.request(.hello(nick: try Nick("alice"), client: nil))
      guard case .event(.welcome(let welcome)) = try await peer.next() else {
        Issue.record("no welcome")
        return
      }
      #expect(welcome.server == "test-store")
      #expect(try await peer.next() == .ack(hello))
    }
  }

  @Test(arguments: [
    ("hello there", "bad_command"), ("[1,2]", "bad_command"),
    (#"{"do":"join","room":"no room"}"#, "bad_room"), (#"{"do":"dance"}"#, "unknown_command"),
    (#"{"type":"json","content":{"do":"part"}}"#, "bad_command"),
  ])
  func `nonsense is answered, and the connection lives`(text: String, code: String) async throws {
    try await withChatServer { _, address in
      let peer = try await ChatPeer.welcome(address, "alice")
      peer.send(text: text)
      guard case .error(let refusal) = try await peer.nextEvent() else {
        Issue.record("no refusal")
        return
      }
      #expect(refusal.code.rawValue == code)
      try peer.send(.ping)
      #expect(try await peer.nextEvent() == .pong)
    }
  }

  @Test func `a message beyond the limit closes with 1009`() async throws {
    try await withChatServer { _, address in
      let peer = try await ChatPeer.welcome(address, "alice")
      try peer.say(String(repeating: "x", count: 70_000), id: "m")
      #expect(try await peer.next() == .closed(1009))
    }
  }

  @Test func `joining with an offset gives the rest, in pages, and then what is live`() async throws
  {
    try await withChatServer { _, address in
      let alice = try await ChatPeer.welcome(address, "alice")
      for number in 1...450 { try alice.say("t\(number)", id: "m\(number)") }
      for _ in 1...450 { _ = try await alice.nextEvent() }
      let bob = try await ChatPeer.welcome(address, "bob")
      let joined = try await bob.join("ops", since: 17)
      #expect(joined.last == 450 && joined.after == 17)
      try alice.say("live", id: "live")
      for offset: UInt64 in 18...451 { #expect(try await bob.nextEntry().offset == offset) }
      let carol = try await ChatPeer.welcome(address, "carol")
      #expect(try await carol.join("ops").after == 401)
      #expect(try await carol.nextEntry().offset == 402)
    }
  }

  @Test func `a direct conversation reaches the other person, who reads it by joining`()
    async throws
  {
    try await withChatServer { _, address in
      let alice = try await ChatPeer.welcome(address, "alice")
      let bob = try await ChatPeer.welcome(address, "Bob")
      try alice.say("psst", id: "m1", in: "@BOB")
      let room = try RoomName("@alice")
      #expect(try await bob.nextEvent() == .direct(RoomSummary(room: room, last: 1)))
      _ = try await bob.join("@alice", since: 0)
      let entry = try await bob.nextEntry()
      #expect(entry.text == "psst" && entry.room == room && entry.from.text == "alice")
      let again = try await ChatPeer.connect(address)
      try again.send(.hello(nick: try Nick("carol"), client: nil))
      guard case .welcome(let welcome) = try await again.nextEvent() else { return }
      #expect(welcome.direct == [])
    }
  }

  @Test func `a reader that does not read costs no memory, and gets everything when it does`()
    async throws
  {
    let count: UInt64 = 3_000
    let text = String(repeating: "0123456789abcdef", count: 512)
    try await withChatServer { server, address in
      let slow = try await ChatPeer.welcome(address, "slow")
      _ = try await slow.join("ops", since: 0)
      let fast = try await ChatPeer.welcome(address, "fast", format: SimpleJSONFormat())
      slow.connection.setReading(false)
      for number in 1...count { try fast.say(text, id: "m\(number)") }
      for _ in 1...count { _ = try await fast.nextEvent() }
      // 24 MB were said; what waits for the slow one is a page and the send buffer.
      let waiting = try await server.hub.loop.submit {
        server.hub.links.values.map { $0.overflow.count }.max() ?? 0
      }.get()
      #expect(waiting <= 100)
      let queued = server.server.connections.map { $0.state.withLock { $0.outbound.bytes } }
      #expect((queued.max() ?? 0) <= 2 << 20)
      slow.connection.setReading(true)
      for offset in 1...count { #expect(try await slow.nextEntry().offset == offset) }
      try fast.say("live", id: "live")
      #expect(try await slow.nextEntry().text == "live")
    }
  }

  @Test func `a client that does not read its answers is read no further`() async throws {
    try await withChatServer {
      $0.limits.outstandingCommands = 4
    } body: { server, address in
      let peer = try await ChatPeer.welcome(address, "greedy")
      try peer.say(String(repeating: "x", count: 8_000), id: "m")
      _ = try await peer.nextEvent()
      for number in 2...200 { try peer.say(String(repeating: "x", count: 8_000), id: "\(number)") }
      for _ in 2...200 { _ = try await peer.nextEvent() }
      peer.connection.setReading(false)
      // Each answer is a page of 128 KiB: 500 of them would be 65 MB.
      for _ in 1...500 { try peer.send(.history(try RoomName("ops"), .after(0), limit: nil)) }
      let other = try await ChatPeer.welcome(address, "other")
      for number in 1...100 { try other.say("t", id: "\(number)") }
      for _ in 1...100 { _ = try await other.nextEvent() }
      let queued = server.server.connections.map { $0.state.withLock { $0.outbound.bytes } }
      #expect((queued.max() ?? 0) <= 2 << 20)
      peer.connection.setReading(true)
      for _ in 1...500 {
        guard case .history(_, let entries, true) = try await peer.nextEvent() else {
          Issue.record("no page")
          return
        }
        #expect(entries.count == 16)
      }
    }
  }

  @Test
  func `when the store fails nothing is acked, the connection ends, and order holds on resend`()
    async throws
  {
    let store = BreakableStore()
    try await withChatServer(store: store) { _, address in
      let ops = try RoomName("ops")
      let alice = try await ChatPeer.welcome(address, "alice", client: try client(1))
      await store.setBroken(true)
      for number in 1...50 {
        try alice.request(.say(ops, id: try MessageID("m\(number)"), text: "t\(number)"))
      }
      guard case .event(.error(let refusal)) = try await alice.next() else {
        Issue.record("no refusal")
        return
      }
      #expect(refusal.code == .storeFailed)
      #expect(try await alice.next() == .closed(1013))
      await store.setBroken(false)
      let again = try await ChatPeer.welcome(address, "alice", client: try client(1))
      for number in 1...50 {
        try again.say("t\(number)", id: "m\(number)")
      }
      for number: UInt64 in 1...50 {
        #expect(
          try await again.nextEvent()
            == .stored(
              ops, id: try MessageID("m\(number)"), offset: number, milliseconds: ChatPeer.time))
      }
    }
  }

  @Test func `what waits behind a failed commit fails with it and overtakes nothing`() async throws
  {
    let store = BreakableStore()
    try await withChatServer(store: store) { _, address in
      let ops = try RoomName("ops")
      let alice = try await ChatPeer.welcome(address, "alice", client: try client(1))
      await store.holdAndFailNext()
      try alice.say("t1", id: "m1")
      try await store.held.next()
      try alice.say("t2", id: "m2")
      try alice.say("t3", id: "m3")
      // The pong tells that both wait for the store.
      try alice.send(.ping)
      #expect(try await alice.nextEvent() == .pong)
      store.release.put(())
      guard case .event(.error(let refusal)) = try await alice.next() else {
        Issue.record("no refusal")
        return
      }
      #expect(refusal.code == .storeFailed && refusal.id?.text == "m1")
      #expect(try await alice.next() == .closed(1013))
      let again = try await ChatPeer.welcome(address, "alice", client: try client(1))
      for number: UInt64 in 1...3 {
        try again.say("t\(number)", id: "m\(number)")
        #expect(
          try await again.nextEvent()
            == .stored(
              ops, id: try MessageID("m\(number)"), offset: number, milliseconds: ChatPeer.time))
      }
    }
  }

  @Test func `a stop closes everybody with 1001 and loses nothing that was confirmed`() async throws
  {
    let store = MemoryChatStore()
    let ops = try RoomName("ops")
    try await withChatServer(store: store) { server, address in
      let alice = try await ChatPeer.welcome(address, "alice")
      for number in 1...500 { try alice.say("t\(number)", id: "m\(number)") }
      guard case .stored(_, _, 1, _) = try await alice.nextEvent() else { return }
      server.shutDown()
      var confirmed: UInt64 = 1
      while case .event(.stored(_, _, let offset, _)) = try await alice.next() {
        confirmed = offset
      }
      let head = await (try? store.head(of: RoomKey(ops, for: try Nick("alice"))))
      #expect((head?.last ?? 0) >= confirmed)
    }
  }

  @Test(arguments: [0, 32_769])
  func `bounds that make no sense are refused by name`(textBytes: Int) async throws {
    var configuration = ChatServerConfiguration(port: 0)
    configuration.limits.textBytes = textBytes
    let server = ChatServer(configuration: configuration, store: MemoryChatStore())
    let refusal = await #expect(throws: HookupError.self) { try await server.run() }
    #expect(refusal?.message.contains("textBytes") == true)
  }
}

/// A store that fails when told to.
actor BreakableStore: ChatStore {
  nonisolated let id = "breakable"
  private let inner = MemoryChatStore()
  private var isBroken = false
  private var isUnavailable = false
  private var holdsNext = false
  /// Tells that an append is held; ``release`` lets it fail.
  nonisolated let held = Mailbox<Void>()
  nonisolated let release = Mailbox<Void>()

  func setBroken(_ isBroken: Bool) { self.isBroken = isBroken }
  /// Cannot be written for now, as on a full disk.
  func setUnavailable(_ isUnavailable: Bool) { self.isUnavailable = isUnavailable }
  func holdAndFailNext() { holdsNext = true }

  func append(
    _ changes: [RoomChange], milliseconds: Int64
  ) async throws(HookupError) -> [RoomAppended] {
    if holdsNext {
      holdsNext = false
      held.put(())
      try? await release.next()
      throw HookupError(.storage, "failed on purpose")
    }
    if isBroken { throw HookupError(.storage, "broken on purpose") }
    if isUnavailable { throw HookupError(.unavailable, "the disk is full") }
    return try await inner.append(changes, milliseconds: milliseconds)
  }

  func memory(of client: SessionID, epoch: UInt64) async throws(HookupError) -> SessionMemory {
    if isBroken { throw HookupError(.storage, "broken on purpose") }
    return try await inner.memory(of: client, epoch: epoch)
  }

  func head(of key: RoomKey) async throws(HookupError) -> RoomHead {
    try await inner.head(of: key)
  }

  func page(_ request: RoomPageRequest) async throws(HookupError) -> RoomPage {
    try await inner.page(request)
  }

  func rooms(
    after name: RoomName?, limit: Int, for reader: RoomReader
  ) async throws(HookupError) -> RoomListPage {
    try await inner.rooms(after: name, limit: limit, for: reader)
  }

  func person(
    _ nick: Nick, limit: Int, marks: Int
  ) async throws(HookupError) -> PersonRecord {
    try await inner.person(nick, limit: limit, marks: marks)
  }

  func search(_ request: SearchRequest) async throws(HookupError) -> SearchPage {
    try await inner.search(request)
  }

  func trim(
    _ retention: RoomRetention, milliseconds: Int64, maximumEntries: Int
  ) async throws(HookupError) -> [RoomTrim] {
    try await inner.trim(
      retention, milliseconds: milliseconds, maximumEntries: maximumEntries)
  }

  func bans() async throws(HookupError) -> ServerBans { try await inner.bans() }

  func change(
    bans change: ServerBans.Change, milliseconds: Int64
  ) async throws(HookupError) -> ServerBans {
    try await inner.change(bans: change, milliseconds: milliseconds)
  }

  func account(of nick: Nick) async throws(HookupError) -> Account? {
    try await inner.account(of: nick)
  }

  func create(_ account: Account) async throws(HookupError) -> AccountCreation {
    try await inner.create(account)
  }

  func update(_ nick: Nick, _ change: AccountChange) async throws(HookupError) -> Bool {
    try await inner.update(nick, change)
  }

  func accounts(after nick: Nick?, limit: Int) async throws(HookupError) -> [Account] {
    try await inner.accounts(after: nick, limit: limit)
  }

  func add(_ device: AccountDevice, to nick: Nick) async throws(HookupError) {
    try await inner.add(device, to: nick)
  }

  func devices(of nick: Nick) async throws(HookupError) -> [AccountDevice] {
    try await inner.devices(of: nick)
  }

  func touch(
    device: String, of nick: Nick, milliseconds: Int64
  ) async throws(HookupError) {
    try await inner.touch(device: device, of: nick, milliseconds: milliseconds)
  }

  func remove(device: String, of nick: Nick) async throws(HookupError) -> Bool {
    try await inner.remove(device: device, of: nick)
  }

  func probe() async throws(HookupError) {
    if isBroken { throw HookupError(.storage, "broken on purpose") }
    if isUnavailable { throw HookupError(.unavailable, "the disk is full") }
  }

  func close() async throws(HookupError) { await inner.close() }
}

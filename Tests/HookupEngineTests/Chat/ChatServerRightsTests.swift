import HookupCore
import NIOCore
import Synchronization
import Testing

@testable import HookupEngine

/// Accounts, rooms with rights, and what is about messages, over real sockets.
@Suite(.timeLimit(.minutes(1))) struct ChatServerRightsTests {
  private let plans = try! RoomName("plans")

  private static func cheap(_ configuration: inout ChatServerConfiguration) {
    configuration.accounts?.passwordCost = .init(logN: 10, r: 8, p: 1)
  }

  /// Does something in the room and waits for what comes of it: the offset, or the code of the refusal.
  private func act(_ peer: ChatPeer, _ act: RoomAct, _ id: String) async throws -> String {
    try peer.send(.act(plans, id: try MessageID(id), act))
    while true {
      switch try await peer.nextEvent() {
      case .stored(_, let stored, let offset, _) where stored.text == id: return "\(offset)"
      case .error(let refusal) where refusal.id?.text == id: return refusal.code.rawValue
      default: continue
      }
    }
  }

  private func register(_ address: ServerAddress, _ nick: String) async throws -> (
    ChatPeer, ChatAccount
  ) {
    let peer = try await ChatPeer.welcome(address, nick)
    try peer.send(.register(password: "correct horse", device: "pc"))
    guard case .account(let account) = try await peer.nextEvent() else {
      throw HookupError(.refused, "not registered")
    }
    return (peer, account)
  }

  @Test func `a private room from its making to a ban`() async throws {
    try await withChatServer(configure: Self.cheap) { _, address in
      let (alice, _) = try await register(address, "alice")
      let (bob, _) = try await register(address, "bob")
      let hidden = RoomAct(.created, settings: .init(access: .hidden))
      #expect(try await act(alice, hidden, "a1") == "1")
      #expect(try await act(bob, .say("let me in"), "b1") == "not_member")
      try bob.send(.join(plans, since: nil))
      guard case .error(let refusal) = try await bob.nextEvent() else {
        Issue.record("let in")
        return
      }
      #expect(refusal.code == .notMember)

      #expect(try await act(alice, RoomAct(.invited, nick: try Nick("bob")), "a2") == "2")
      guard case .invited(let room, let by) = try await bob.nextEvent() else {
        Issue.record("bob did not hear of it")
        return
      }
      #expect(room.room == plans && by.text == "alice")
      let joined = try await bob.join("plans")
      #expect(joined.settings?.access == .hidden && joined.rank == nil && joined.last == 2)

      #expect(try await act(bob, .say("frist"), "b2") == "3")
      #expect(try await act(bob, RoomAct(.edited, text: "first", ref: 3), "b3") == "4")
      #expect(try await act(alice, RoomAct(.edited, text: "mine", ref: 3), "a3") == "not_allowed")
      #expect(try await act(alice, RoomAct(.reacted, text: "👍", ref: 3), "a4") == "5")
      try alice.send(.history(plans, .around(3), limit: 1))
      while true {
        guard case .history(_, let entries, _) = try await alice.nextEvent() else { continue }
        #expect(entries.map(\.text) == ["first"])
        #expect(entries[0].since?.edited == 4 && entries[0].since?.reactions.first?.count == 1)
        break
      }
      try bob.send(.search(ChatQuery(words: "fir*")))
      while true {
        guard case .found(let hits, _) = try await bob.nextEvent() else { continue }
        #expect(hits.map(\.entry.offset) == [3])
        break
      }

      #expect(try await act(bob, RoomAct(.kicked, nick: try Nick("alice")), "b4") == "not_allowed")
      let ban = RoomAct(.banned, text: "spam", nick: try Nick("bob"), seconds: 60)
      #expect(try await act(alice, ban, "a5") == "6")
      var heard: [ChatEvent] = []
      while heard.last != .parted(plans) { heard.append(try await bob.nextEvent()) }
      #expect(
        heard.contains { if case .entry(let entry) = $0 { entry.kind == .banned } else { false } })
      #expect(try await act(bob, .say("hello?"), "b5") == "banned")
      try bob.send(.search(ChatQuery(words: "first")))
      guard case .found(let hits, _) = try await bob.nextEvent() else { return }
      #expect(hits.isEmpty)
    }
  }

  @Test func `a nick that is registered wants its password or its token, on many devices`()
    async throws
  {
    try await withChatServer(configure: Self.cheap) { _, address in
      let (alice, account) = try await register(address, "alice")
      func hello(_ credential: ChatHello.Credential?) async throws -> (ChatPeer, ChatEvent) {
        let peer = try await ChatPeer.connect(address)
        try peer.send(
          .hello(ChatHello(nick: try Nick("alice"), client: nil, credential: credential)))
        return (peer, try await peer.nextEvent())
      }
      guard case .error(let refusal) = try await hello(nil).1 else {
        Issue.record("let in without a password")
        return
      }
      #expect(refusal.code == .nickRegistered)
      let (phone, welcome) = try await hello(.password("correct horse"))
      guard case .welcome(let greeting) = welcome else {
        Issue.record("not let in: \(welcome)")
        return
      }
      let device = try #require(greeting.account?.device)
      guard case .welcome = try await hello(.token(try #require(account.token))).1 else {
        Issue.record("the token is worth nothing")
        return
      }
      // The phone is lost: it is shown out, and its token is worth nothing any more.
      try alice.send(.revoke(device: device))
      #expect(try await phone.next() == .closed(4001))
      guard
        case .error(let lost) = try await hello(.token(try #require(greeting.account?.token))).1
      else {
        Issue.record("a lost device is let in")
        return
      }
      #expect(lost.code == .notLoggedIn)
    }
  }

  @Test func `marks are told to the person's other devices, and when a room is joined`()
    async throws
  {
    try await withChatServer(configure: Self.cheap) { _, address in
      let (alice, account) = try await register(address, "alice")
      _ = try await alice.join("ops")
      for number in 1...3 { try alice.say("x", id: "m\(number)") }
      for _ in 1...3 { _ = try await alice.nextEntry() }
      try alice.send(.read(try RoomName("ops"), offset: 2))
      // What comes after it is answered after it is stored.
      try alice.say("y", id: "m4")
      _ = try await alice.nextEntry()
      let phone = try await ChatPeer.connect(address)
      try phone.send(
        .hello(
          ChatHello(
            nick: try Nick("alice"), client: nil, credential: .token(try #require(account.token)))))
      #expect(try await phone.join("ops").read == 2)
      for _ in 1...4 { _ = try await phone.nextEntry() }
      try alice.send(.read(try RoomName("ops"), offset: 4))
      #expect(try await phone.nextEvent() == .read(try RoomName("ops"), offset: 4))
    }
  }

  @Test func `a store that cannot be written for a time holds everything up and loses nothing`()
    async throws
  {
    let store = BreakableStore()
    try await withChatServer(store: store) { server, address in
      let alice = try await ChatPeer.welcome(address, "alice")
      let bob = try await ChatPeer.welcome(address, "bob")
      _ = try await bob.join("ops")
      await store.setUnavailable(true)
      for number in 1...5 { try alice.say("\(number)", id: "m\(number)") }
      for peer in [alice, bob] {
        guard case .notice(.readOnly, let message) = try await peer.nextEvent() else {
          Issue.record("nobody was told")
          return
        }
        #expect(message.contains("the disk is full") && message.contains("nothing is lost"))
      }
      #expect(await server.health().reason == "the disk is full")
      guard case .failing("the disk is full", _) = await server.measures().storeHealth.state else {
        Issue.record("the store counts as healthy")
        return
      }
      // Reading goes on, and who comes now is told, too.
      let carol = try await ChatPeer.welcome(address, "carol")
      guard case .notice(.readOnly, _) = try await carol.nextEvent() else { return }
      try carol.send(.history(try RoomName("ops"), .after(0), limit: nil))
      guard case .history(_, [], false) = try await carol.nextEvent() else {
        Issue.record("no history")
        return
      }
      await store.setUnavailable(false)
      var texts: [String] = []
      var notices: [ChatNotice] = []
      while texts.count < 5 {
        switch try await bob.nextEvent() {
        case .entry(let entry): texts.append(entry.text)
        case .notice(let code, _): notices.append(code)
        default: continue
        }
      }
      #expect(texts == ["1", "2", "3", "4", "5"] && notices == [.writable])
      #expect(await server.health() == (true, nil))
      #expect(await server.measures().storeHealth.state == .writable)
    }
  }

  @Test func `a failure that is not tried again shows until something is stored`() async throws {
    let store = BreakableStore()
    try await withChatServer(store: store) { server, address in
      let alice = try await ChatPeer.welcome(address, "alice")
      await store.setBroken(true)
      try alice.say("one", id: "m1")
      while true {
        if case .error = try await alice.nextEvent() { break }
      }
      guard case .failing("broken on purpose", _) = await server.measures().storeHealth.state else {
        Issue.record("the store counts as healthy")
        return
      }
      // Nobody would bring it back by looking away from it.
      #expect(await server.health() == (true, nil))
      #expect(await server.measures().storeFailures == 1)
      await store.setBroken(false)
      let bob = try await ChatPeer.welcome(address, "bob")
      try bob.say("two", id: "m2")
      while true {
        if case .stored = try await bob.nextEvent() { break }
      }
      let measures = await server.measures()
      #expect(measures.storeHealth.state == .writable && measures.opened == 2)
      #expect(measures.closes[1013] == 1 && measures.commands["say"] == 2)
    }
  }

  @Test func `a store that works again is healthy though nobody says anything`() async throws {
    let store = BreakableStore()
    try await withChatServer(store: store) { server, address in
      let alice = try await ChatPeer.welcome(address, "alice")
      await store.setBroken(true)
      try alice.say("one", id: "m1")
      try await until {
        if case .failing = await server.measures().storeHealth.state { true } else { false }
      }
      await store.setBroken(false)
      try await until { await server.measures().storeHealth.state == .writable }
      #expect(await server.measures().storedEntries == 0)
    }
  }

  @Test func `a stop does not wait for a store that cannot be written`() async throws {
    let store = BreakableStore()
    try await withChatServer(store: store) { _, address in
      let alice = try await ChatPeer.welcome(address, "alice")
      await store.setUnavailable(true)
      let id = try alice.request(
        .say(try RoomName("ops"), id: try MessageID("m"), text: "x"))
      guard case .event(.notice(.readOnly, _)) = try await alice.next() else { return }
      _ = id
    }
  }

  @Test func `moderation and logins are told to whoever keeps the books`() async throws {
    let books = Mutex<[String]>([])
    func keepBooks(_ configuration: inout ChatServerConfiguration) {
      Self.cheap(&configuration)
      configuration.audit = { record in
        books.withLock { $0.append("\(record.event.rawValue) \(record.nick) \(record.detail)") }
      }
    }
    try await withChatServer(configure: keepBooks) { _, address in
      let (alice, account) = try await register(address, "alice")
      _ = try await act(alice, RoomAct(.created), "a1")
      _ = try await act(alice, .say("hello"), "a2")
      _ = try await act(alice, RoomAct(.muted, nick: try Nick("bob")), "a3")
      #expect(
        books.withLock { $0 } == [
          "register alice device \(account.device)", "moderation alice created in plans",
          "moderation alice muted bob in plans",
        ])
    }
  }

  @Test func `other bounds hold for who is connected, and old entries go`() async throws {
    func forgetful(_ configuration: inout ChatServerConfiguration) {
      configuration.retention.entries = 2
      configuration.retentionInterval = .milliseconds(10)
    }
    try await withChatServer(configure: forgetful) { server, address in
      let alice = try await ChatPeer.welcome(address, "alice")
      for number in 1...6 { try alice.say("\(number)", id: "m\(number)") }
      var first: UInt64 = 1
      while first < 5 { first = try await alice.join("ops").first }
      #expect(first == 5)
      var configuration = server.configuration
      configuration.limits.textBytes = 3
      try server.reconfigure(configuration)
      try alice.say("four", id: "m7")
      while true {
        guard case .error(let refusal) = try await alice.nextEvent() else { continue }
        #expect(refusal.code == .badText && refusal.message.contains("at most 3 are allowed"))
        break
      }
      configuration.limits.textBytes = 0
      #expect(throws: HookupError.self) { try server.reconfigure(configuration) }
      // A text that long would not come through the messages of those who are connected.
      configuration.limits.textBytes = 32 << 10
      configuration.server.limits.maximumMessageBytes = 1 << 20
      let error = #expect(throws: HookupError.self) { try server.reconfigure(configuration) }
      #expect(error?.message.contains("maximumMessageBytes is 65536") == true)
    }
  }
}

import HookupCore
import Testing

@testable import HookupEngine

/// The chat over sessions, with a client that speaks the frames by hand.
@Suite(.timeLimit(.minutes(1))) struct ChatSessionTests {
  func connect(
    _ address: ServerAddress, connection: UInt64, high: UInt64 = 9
  ) async throws -> (peer: SessionPeer, committed: UInt64?) {
    let (peer, welcome) = try await SessionPeer.resume(
      address, connection: connection, high: high)
    let client = try ClientID(String(repeating: "0", count: 31) + "a")
    try peer.send(.plain(.json(ChatCommand.hello(nick: try Nick("ada"), client: client).json)))
    while true {
      guard case .frame(.plain(.json(let json))) = try await peer.next() else {
        throw HookupError(.refused, "no welcome")
      }
      if case .welcome = try ChatEvent.parse(json) {
        return (peer, welcome.receiving.committed)
      }
    }
  }

  func say(
    _ peer: SessionPeer, _ number: UInt64, _ text: String, room: String = "ops"
  ) throws {
    let command = ChatCommand.say(
      try RoomName(room), id: try MessageID("n\(number)"), text: text)
    try peer.say(number, .json(command.json))
  }

  func texts(_ store: any ChatStore) async throws -> [String] {
    let name = try RoomName("ops")
    return try await store.page(
      RoomPageRequest(
        key: RoomKey(name, for: try Nick("ada")), name: name, position: .after(0),
        maximumEntries: 100, maximumBytes: 1 << 20)
    ).entries.map(\.text)
  }

  @Test func `what is said is acked when it is stored, and once only, over restarts`() async throws
  {
    let store = MemoryChatStore(id: "s")
    try await withChatServer(store: store) { _, address in
      let (peer, committed) = try await connect(address, connection: 1)
      #expect(committed == 0)
      try say(peer, 1, "one")
      try say(peer, 2, "two")
      #expect(try await peer.acked(through: 2))
      #expect(try await texts(store) == ["one", "two"])
      // The client does not know yet, and sends them again.
      try say(peer, 1, "one")
      try say(peer, 3, "three")
      #expect(try await peer.acked(through: 3))
    }
    try await withChatServer(store: store) { _, address in
      let (peer, committed) = try await connect(address, connection: 2)
      #expect(committed == 3)
      try say(peer, 4, "four")
      #expect(try await peer.acked(through: 4))
    }
    #expect(try await texts(store) == ["one", "two", "three", "four"])
  }

  @Test func `refusals and commands without an entry have their place among the entries`()
    async throws
  {
    let store = MemoryChatStore(id: "s")
    try await withChatServer(store: store) { _, address in
      let (peer, _) = try await connect(address, connection: 1)
      try say(peer, 1, "one")
      try say(peer, 2, "")
      try peer.say(3, .json(ChatCommand.ping.json))
      try peer.say(4, .text("no command"))
      try say(peer, 5, "five")
      var nacks: [UInt64] = []
      var last: UInt64 = 0
      while last < 5 {
        switch try await peer.next() {
        case .frame(.nack(let sequence, _)): nacks.append(sequence)
        case .frame(.ack(let through, _)): last = through
        case .frame(.plain): break
        default: Issue.record("an unexpected frame")
        }
      }
      #expect(nacks == [2, 4])
      let memory = try await store.memory(of: SessionPeer.client, epoch: 7)
      #expect(memory.what == .committed(5, tag: 5))
      #expect(memory.refusals.map(\.sequence) == [2, 4])
    }
    #expect(try await texts(store) == ["one", "five"])
  }

  @Test func `crash after the commit and before the ack: the second one has no effect`()
    async throws
  {
    let store = MemoryChatStore(id: "s")
    let cursor = SessionCursor(
      client: SessionPeer.client, epoch: 7, committed: 1, tag: 1, connection: 1)
    try await withChatServer(store: store) { _, address in
      let (peer, _) = try await connect(address, connection: 1)
      // Another connection's commit, of which this session has not heard.
      try await store.commit([cursor])
      try say(peer, 1, "one")
      guard case .frame(.plain(.json(let json))) = try await peer.next(),
        case .error = try ChatEvent.parse(json)
      else {
        Issue.record("not told")
        return
      }
      guard case .frame(.nack(1, _)) = try await peer.next() else {
        Issue.record("no nack")
        return
      }
      #expect(try await peer.acked(through: 1))
    }
    #expect(try await texts(store).isEmpty)
  }

  @Test func `a store that fails ends the connection with 4113, and nothing is acked`() async throws
  {
    let store = BreakableStore()
    try await withChatServer(store: store) { _, address in
      let (peer, _) = try await connect(address, connection: 1)
      await store.setBroken(true)
      try say(peer, 1, "one")
      try say(peer, 2, "")
      var acks = 0
      var code: UInt16?
      while code == nil {
        switch try await peer.next() {
        case .frame(.ack), .frame(.nack): acks += 1
        case .closed(let closed): code = closed
        default: break
        }
      }
      #expect(code == 4_113 && acks == 0)
      await store.setBroken(false)
      let (next, committed) = try await connect(address, connection: 2)
      #expect(committed == 0)
      try say(next, 1, "one")
      #expect(try await next.acked(through: 1))
    }
    #expect(try await texts(store) == ["one"])
  }

  @Test func `sessions can be left out, and then nobody is offered them`() async throws {
    let configure: (inout ChatServerConfiguration) -> Void = { $0.offersSessions = false }
    try await withChatServer(configure: configure) { _, address in
      await #expect(throws: HookupError.self) { try await SessionPeer.connect(address) }
    }
  }
}

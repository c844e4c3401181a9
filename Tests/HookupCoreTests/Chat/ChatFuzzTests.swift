import Testing

@testable import HookupCore

/// Seeded changes of the chat protocol's vectors: nothing traps, what is wrong is told in a sentence of bounded length, and what is
/// understood says the same when it is sent on.
@Suite struct ChatFuzzTests {
  private static let commands = ChatCommandCodecTests.vectors.map(\.1)
  private static let events = ChatEventVectors.all.map(\.1)

  /// Values in places where they do not belong, or at the edge of what does.
  private static let oddities = [
    "null", "true", "-1", "0", "1.5", "1e999", "9007199254740991", "9007199254740992",
    "99999999999999999999", "[]", "{}", #""""#, #""\u0000""#, #""\u202e\u2066x""#, ##""#ops""##,
    #""@""#, #""@a+b+c+d+e+f+g+h+i""#, #""@@x""#, #""e\u0301""#, #""İ""#, #""\ud83d\ude00""#,
    #"["alice"]"#, #"{"access":"hidden","slow":21601}"#, #""none""#, #""owner""#,
    "\"" + String(repeating: "x", count: 40_000) + "\"", "[[[[[[[[[[1]]]]]]]]]]",
    #""2026-05-17T08:03:09.042Z""#, #""-2026-05-17T08:03:09.042Z""#,
  ]

  /// A vector with up to three of its values exchanged, fields doubled, or bytes changed; nil when that is no JSON any more.
  private static func mutated(
    _ corpus: [String], _ random: inout RandomSource
  ) -> JSONText? {
    var text = corpus.randomElement(using: &random) ?? "{}"
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      switch Int.random(in: 0..<4, using: &random) {
      case 0, 1: text = exchanged(text, corpus, &random)
      case 2:
        // The fields of another one, after or before these.
        let other = corpus.randomElement(using: &random) ?? "{}"
        guard text.hasSuffix("}"), other.hasPrefix("{"), other.count > 2, text.count > 2 else {
          continue
        }
        text = text.dropLast() + "," + other.dropFirst()
      default:
        var bytes = Array(text.utf8)
        Fuzz.mutate(&bytes, using: &random)
        text = String(decoding: bytes, as: UTF8.self)
      }
    }
    return try? JSONText(text)
  }

  /// One value is another one: from the list, or from another vector.
  private static func exchanged(
    _ text: String, _ corpus: [String], _ random: inout RandomSource
  ) -> String {
    let colons = text.indices.filter { text[$0] == ":" }
    guard let colon = colons.randomElement(using: &random) else { return text }
    let start = text.index(after: colon)
    let end = text[start...].firstIndex { $0 == "," || $0 == "}" } ?? text.endIndex
    let value =
      Bool.random(using: &random)
      ? oddities.randomElement(using: &random) ?? "" : corpus.randomElement(using: &random) ?? ""
    return text[..<start] + value + text[end...]
  }

  private static func isTidy(_ refusal: ChatRefusal) -> Bool {
    refusal.message.utf8.count < 1_024
      && refusal.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }

  @Test func `commands are read or refused, and mean the same when they are sent on`() {
    var read = 0
    Fuzz.rounds(20_000, "chat commands") { random, comment in
      guard let json = Self.mutated(Self.commands, &random) else { return }
      do throws(ChatRefusal) {
        let command = try ChatCommand(json: json)
        read += 1
        #expect(
          try ChatCommand(json: command.json) == command, "\(comment): \(json.text.prefix(400))")
      } catch {
        #expect(Self.isTidy(error), "\(comment): \(error.message)")
        #expect(error.command == nil || error.command?.utf8.count ?? 0 < 20, comment)
      }
    }
    #expect(read > 0)
  }

  @Test func `events are read or refused, and mean the same when they are sent on`() {
    var read = 0
    Fuzz.rounds(20_000, "chat events") { random, comment in
      guard let json = Self.mutated(Self.events, &random) else { return }
      do throws(HookupError) {
        guard let event = try ChatEvent.parse(json) else { return }
        read += 1
        #expect(try ChatEvent.parse(event.json) == event, "\(comment): \(json.text.prefix(400))")
      } catch {
        #expect(error.message.utf8.count < 1_024, comment)
      }
    }
    #expect(read > 0)
  }

  /// Three persons who say whatever comes into their heads, and a store that answers as it likes.
  @Test func `a hub settles every command once, whatever it is told`() throws {
    try Fuzz.rounds(300, "chat hub") { random, comment in
      var hub = HubHarness {
        $0.hasAccounts = true
        $0.badCommands = 1_000
      }
      for key: UInt64 in 1...3 {
        _ = hub.feed(
          .connected(.init(key), fallback: client(0xF0 + key), address: "192.0.2.\(key)"))
      }
      var settled: [CommandTicket: Int] = [:]
      var open: [ChatHubAction] = []
      var ticket: UInt64 = 0
      func take(_ actions: [ChatHubAction]) throws {
        for action in actions {
          switch action {
          case .settle(_, let ticket, _): settled[ticket, default: 0] += 1
          case .send(let event, _):
            // What is sent can be read.
            _ = try ChatEvent.parse(event.json)
          case .append, .mark, .read, .identify: open.append(action)
          default: break
          }
        }
      }
      for _ in 0..<60 {
        hub.now = hub.now + .milliseconds(Int64.random(in: 0...2_000, using: &random))
        // A clock that goes as it likes.
        hub.machine.milliseconds += Int64.random(in: -100_000...100_000, using: &random)
        if Bool.random(using: &random), !open.isEmpty {
          let action = open.remove(at: Int.random(in: 0..<open.count, using: &random))
          try take(hub.feed(Self.answer(to: action, &random)))
          continue
        }
        guard let json = Self.mutated(Self.commands, &random) else { continue }
        ticket += 1
        let command = Result { () throws(ChatRefusal) in try ChatCommand(json: json) }
        try take(
          hub.feed(.received(.init(.random(in: 1...4, using: &random)), .init(ticket), command)))
      }
      for key: UInt64 in 1...3 { try take(hub.feed(.disconnected(.init(key)))) }
      for action in open { try take(hub.feed(Self.answer(to: action, &random))) }
      #expect(settled.values.allSatisfy { $0 == 1 }, comment)
      let census = hub.machine.census
      #expect(census.connections == 0 && census.people == 0 && census.openRooms == 0, comment)
      #expect(census.appends == 0 && census.appendingBytes == 0, comment)
    }
  }

  private static func answer(
    to action: ChatHubAction, _ random: inout RandomSource
  ) -> ChatHubEvent {
    let isLucky = Int.random(in: 0..<8, using: &random) > 0
    switch action {
    case .append(let ticket, _):
      let outcome: RoomAppended =
        Bool.random(using: &random)
        ? .stored(offset: .random(in: 1...50, using: &random)) : .tooManyRooms(limit: 9)
      return isLucky
        ? .appended([AppendedEntry(ticket, outcome)], milliseconds: ChatEventVectors.time)
        : .appendFailed([ticket])
    case .mark(let ticket, _):
      return isLucky
        ? .appended([AppendedEntry(ticket, .passed)], milliseconds: ChatEventVectors.time)
        : .appendFailed([ticket])
    case .identify(let ticket, let question):
      return .identified(ticket, isLucky ? answer(question) : .failed)
    case .read(let ticket, let question):
      return .read(ticket, isLucky ? answer(question) : .failed)
    default: return .timer
    }
  }

  private static func answer(_ question: AccountQuestion) -> AccountAnswer {
    switch question {
    case .hello(let hello, _):
      hello.credential == nil
        ? .guest : .account(ChatAccount(nick: hello.nick, device: "1", token: "ab"))
    case .register(let nick, _, _, _), .password(let nick, _, _, _, _):
      .account(ChatAccount(nick: nick, device: "1"))
    case .devices: .devices([])
    case .revoke(_, let device, _): .revoked(device: device)
    case .whois(let nick): .person(nick, isAccount: true, seen: 1)
    case .rename(_, let name): .renamed(name)
    }
  }

  private static func answer(_ question: StoreRead) -> StoreAnswer {
    switch question {
    case .head: .head(RoomHead())
    case .page: .page(RoomPage(entries: [], more: false))
    case .rooms: .rooms(RoomListPage(rooms: [], more: false))
    case .person: .person(PersonRecord())
    case .search: .found(SearchPage(hits: [], more: false))
    }
  }
}

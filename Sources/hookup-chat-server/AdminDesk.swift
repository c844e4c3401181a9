import HookupCore
import HookupEngine

/// Does what an operator asks.
struct AdminDesk: Sendable {
  /// Rows that are asked for at a time.
  private static let page = 500

  let chat: ChatServer
  let store: any ChatStore

  typealias Row = [(String, String)]

  func serve(_ connection: ServerConnection) async {
    for await event in connection.events {
      let json: JSONText
      switch event {
      case .json(let text): json = text
      // Who waits for an ack gets it: the answer is what counts.
      case .request(.json(let text), let acknowledgement):
        acknowledgement.confirm()
        json = text
      default: continue
      }
      do {
        try await answer(json, on: connection)
      } catch {
        return
      }
    }
  }

  private func answer(_ json: JSONText, on connection: ServerConnection) async throws {
    var end: [(String, JSONValue)]
    var afterwards: (@Sendable () -> Void)?
    do {
      let request = try AdminRequest(Self.fields(of: json))
      if request.isChange { audit(request) }
      afterwards = afterwardsOf(request)
      let sentence = try await perform(request) { row in
        try await Self.send([("row", Self.object(row))], on: connection)
      }
      end = [("done", .string(sentence))]
    } catch let error as HookupError {
      end = [("error", .string(error.message))]
    }
    try await Self.send(end, on: connection)
    afterwards?()
  }

  private static func fields(of json: JSONText) -> [String: String] {
    let members = json.parse().objectValue?.members ?? []
    return Dictionary(
      members.compactMap { member in member.value.stringValue.map { (member.key, $0) } },
      uniquingKeysWith: { $1 })
  }

  private static func object(_ row: Row) -> JSONValue {
    .object(JSONObject(row.map { JSONObject.Member($0.0, .string($0.1)) }))
  }

  private static func send(
    _ members: [(String, JSONValue)], on connection: ServerConnection
  ) async throws {
    let object = JSONObject(members.map { JSONObject.Member($0.0, $0.1) })
    try await connection.send(.json(try JSONText(.object(object))))
  }

  private func audit(_ request: AdminRequest) {
    chat.configuration.audit(
      AuditRecord(
        .operation, nick: "operator", milliseconds: chat.configuration.clock(),
        detail: request.summary))
  }

  /// The answer would not get out of a server that ends.
  private func afterwardsOf(_ request: AdminRequest) -> (@Sendable () -> Void)? {
    guard case .drain(let seconds) = request else { return nil }
    return { [chat] in
      if let seconds { chat.drain(over: .seconds(seconds)) } else { chat.shutDown() }
    }
  }

  private func perform(
    _ request: AdminRequest, _ emit: (Row) async throws -> Void
  ) async throws -> String {
    switch request {
    case .status:
      try await emit(Self.row(await chat.measures()))
      return ""
    case .sessions: return try await sessions(emit)
    case .users: return try await users(emit)
    case .rooms: return try await rooms(emit)
    case .bans:
      for ban in try await chat.bans().list { try await emit(Self.row(ban)) }
      return ""
    case .say(let text):
      chat.announce(text)
      return "said to everybody"
    case .kick(let nick, let reason):
      chat.expel(nick, reason: reason.isEmpty ? "an operator closed the connection" : reason)
      return "the connections of \(nick) are closed"
    case .disable(let nick, let reason):
      try await disable(nick, reason)
      return "\(nick) cannot log in any more"
    case .enable(let nick):
      try await disable(nick, "")
      return "\(nick) may log in again"
    case .ban(let addresses, let seconds, let reason):
      let until = seconds.map { chat.configuration.clock() + $0 * 1_000 }
      try await chat.ban(try ServerBan(addresses, until: until, reason: reason))
      return "\(addresses) is banned"
    case .unban(let addresses):
      try await chat.unban(addresses)
      return "\(addresses) is not banned any more"
    case .drain: return "the server sends its clients away and ends"
    }
  }

  private func disable(_ nick: Nick, _ reason: String) async throws(HookupError) {
    guard try await chat.disable(nick, reason: reason) else {
      throw HookupError(.invalidArgument, "there is no account '\(nick)'")
    }
  }

  // MARK: Lists

  private func sessions(
    _ emit: (Row) async throws -> Void
  ) async throws -> String {
    var last: UInt64 = 0
    while true {
      let page = await chat.presences(after: last, limit: Self.page)
      for presence in page { try await emit(Self.row(presence)) }
      guard page.count == Self.page, let next = page.last?.number else { return "" }
      last = next
    }
  }

  private func users(
    _ emit: (Row) async throws -> Void
  ) async throws -> String {
    var last: Nick?
    while true {
      let page = try await store.accounts(after: last, limit: Self.page)
      for account in page { try await emit(row(account)) }
      guard page.count == Self.page else { return "" }
      last = page.last?.nick
    }
  }

  private func rooms(
    _ emit: (Row) async throws -> Void
  ) async throws -> String {
    // Nobody goes by this nick: operators see every room.
    let reader = RoomReader(nick: try Nick("operator"), isAccount: true, isOperator: true)
    var last: RoomName?
    while true {
      let page = try await store.rooms(after: last, limit: Self.page, for: reader)
      for room in page.rooms {
        try await emit([
          ("room", room.room.text), ("entries", "\(room.last)"), ("topic", room.topic),
        ])
      }
      guard page.more, let next = page.rooms.last?.room else { return "" }
      last = next
    }
  }

  // MARK: Rows

  private static func row(_ measures: ChatMeasures) -> Row {
    [
      ("connections", "\(measures.connections)"), ("people", "\(measures.people)"),
      ("open-rooms", "\(measures.openRooms)"), ("stored", "\(measures.storedEntries)"),
      ("waiting", "\(measures.waitingEntries)"), ("store", measures.storeFailure ?? "writable"),
    ]
  }

  private static func row(_ presence: ChatPresence) -> Row {
    [
      ("number", "\(presence.number)"), ("nick", presence.nick?.text ?? ""),
      ("account", presence.isAccount ? "yes" : "no"), ("device", presence.device ?? ""),
      ("address", presence.address ?? "local"), ("rooms", "\(presence.rooms)"),
      ("takes", presence.isWritable ? "yes" : "no"),
    ]
  }

  private func row(_ account: Account) -> Row {
    let isOperator =
      account.isOperator
      || chat.configuration.accounts?.operators.contains(account.nick.folded) == true
    return [
      ("nick", account.nick.text), ("operator", isOperator ? "yes" : "no"),
      ("created", ISO8601Time.text(milliseconds: account.created)),
      ("seen", ISO8601Time.text(milliseconds: account.seen)),
      ("disabled", account.disabled ?? ""),
    ]
  }

  private static func row(_ ban: ServerBan) -> Row {
    [
      ("addresses", ban.addresses),
      ("until", ban.until.map { ISO8601Time.text(milliseconds: $0) } ?? "for good"),
      ("reason", ban.reason),
    ]
  }
}

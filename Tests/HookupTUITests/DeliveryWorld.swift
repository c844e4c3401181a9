import HookupCore

@testable import HookupTUI

/// A person who writes in a ``ChatScreen``, the client's half of the chat (``ChatClientMachine``), an outbox and a server with
/// its session, as a model, and between them a link that is cut at any moment: everything in virtual time, from a seed.
///
/// The oracle knows where each message is, for it is the outbox, the link and the server itself. After each step every line of
/// one's own on the screen has to agree with it.
struct DeliveryWorld {
  /// What became of a message of one's own, as the oracle knows it.
  struct Said {
    var text: String
    var id: MessageID
    /// Its number in the outbox; nil until it is durable there.
    var sequence: UInt64?
    var isAccepted = false
    /// The connection on which the client was told that it went to the socket.
    var sentOn: Int?
    /// What the client was told in the end.
    var isSettled = false
    /// What the server made of it: its offset, or why it was refused.
    var committed: UInt64?
    var refused: String?
  }

  enum ToServer {
    case command(ChatCommand)
    case numbered(UInt64, Int)
  }
  enum ToClient {
    case event(ChatEvent)
    case acknowledged(UInt64)
    case rejected(UInt64, String)
  }

  var stage: Stage
  var machine: ChatClientMachine
  var random: RandomSource
  /// In the order in which they were typed.
  var said: [Said] = []
  var cuts = 0
  /// States that a message of one's own was seen in.
  var seen: Set<String> = []

  private var actions = ActionQueue<ChatClientMachine.Action>()
  /// Messages of the outbox that are not settled: indices of ``said``.
  private var outbox: [Int] = []
  private var nextSequence: UInt64 = 1
  /// Nil while the link is down.
  private(set) var connection: Int?
  private var connections = 0
  private var isGreeted = false
  /// The first message of the outbox that has not gone out on this connection.
  private var nextToSend = 0
  private var toServer: [ToServer] = []
  private var toClient: [ToClient] = []
  private var log: [RoomEntry] = []
  private var isReading = false
  private var foreign = 0

  init(seed: UInt64) throws {
    random = RandomSource(seed: seed)
    stage = try Stage(columns: 80, rows: 16)
    machine = ChatClientMachine(
      nick: stage.me, client: try ClientID(String(repeating: "ab", count: 16)))
    run(.join(stage.ops, since: nil))
  }

  private mutating func chance(_ percent: Int) -> Bool { random.next() % 100 < UInt64(percent) }

  // MARK: What can happen

  /// One thing that happens next, drawn at random; nothing when that one cannot.
  mutating func step() throws {
    stage.seconds += Double(random.next() % 200) / 1_000
    switch random.next() % 12 {
    case 0: if outbox.count < 40 { try type() }
    case 1: try store()
    case 2: accept()
    case 3, 4: send()
    case 5, 6: try serverReads()
    case 7, 8: try clientReads()
    case 9: if connection == nil { connect() }
    case 10: if isReading, chance(30) { try strangerSpeaks() }
    default: report()
    }
  }

  /// Ends the link. What was on its way arrives as far as the draw says, and no further.
  mutating func cut() throws {
    guard connection != nil else { return }
    cuts += 1
    for _ in 0..<Int.random(in: 0...toServer.count, using: &random) { try serverReads() }
    for _ in 0..<Int.random(in: 0...toClient.count, using: &random) { try clientReads() }
    toServer = []
    toClient = []
    connection = nil
    isReading = false
    isGreeted = false
    run(.disconnected)
    stage.link(.retrying) { $0.lastFailure = "the network is gone" }
  }

  /// Lets everything come to rest, without more cuts.
  mutating func calm() throws {
    for _ in 0..<10_000 {
      if connection == nil { connect() }
      try store()
      accept()
      send()
      try serverReads()
      try clientReads()
      let isDone = said.allSatisfy { $0.isSettled || $0.sequence == nil }
      if isDone, toServer.isEmpty, toClient.isEmpty, said.allSatisfy({ $0.sequence != nil }) {
        return report()
      }
    }
  }

  // MARK: The person

  private mutating func type() throws {
    let isBad = chance(8)
    let text = "own \(said.count)\(isBad ? " bad" : "")."
    stage.type(text)
    stage.press(Key(.enter))
    guard case .say(let room, let said)? = stage.effects.first, room == stage.ops, said == text
    else { return }
    let id = try MessageID("m\(self.said.count)")
    self.said.append(Said(text: text, id: id))
    run(.said(message(self.said.count - 1, .buffered)))
  }

  func message(_ index: Int, _ state: DeliveryState) -> OwnMessage {
    OwnMessage(
      id: said[index].id, sequence: said[index].sequence ?? 0, room: stage.ops,
      text: said[index].text, milliseconds: stage.clock.wallMilliseconds, state: state)
  }

  // MARK: The outbox and the link

  /// The oldest message that is not durable yet is.
  private mutating func store() throws {
    guard let index = said.firstIndex(where: { $0.sequence == nil }) else { return }
    said[index].sequence = nextSequence
    nextSequence += 1
    outbox.append(index)
    // Often the answer of the outbox comes at once; sometimes the socket is quicker.
    if chance(70) { accept() }
  }

  private mutating func accept() {
    guard let index = said.firstIndex(where: { $0.sequence != nil && !$0.isAccepted }) else {
      return
    }
    said[index].isAccepted = true
    run(.accepted(said[index].id, sequence: said[index].sequence ?? 0))
  }

  private mutating func connect() {
    connections += 1
    connection = connections
    nextToSend = 0
    stage.link(.connecting)
    run(.connected)
  }

  /// The next message of the outbox goes to the socket.
  private mutating func send() {
    guard let connection, isGreeted, nextToSend < outbox.count else { return }
    let index = outbox[nextToSend]
    nextToSend += 1
    guard let sequence = said[index].sequence else { return }
    toServer.append(.numbered(sequence, index))
    said[index].sentOn = connection
    run(.sent(sequence: sequence))
  }

  private mutating func settle(_ sequence: UInt64) -> Int? {
    guard let place = outbox.firstIndex(where: { said[$0].sequence == sequence }) else {
      return nil
    }
    let index = outbox.remove(at: place)
    if place < nextToSend { nextToSend -= 1 }
    said[index].isSettled = true
    return index
  }

  // MARK: The server

  private mutating func serverReads() throws {
    guard !toServer.isEmpty else { return }
    switch toServer.removeFirst() {
    case .command(.hello):
      toClient.append(
        .event(
          .welcome(
            ChatWelcome(nick: stage.me, server: "store", direct: [], limits: ChatLimits()))))
    case .command(.join(let room, let since)):
      let after = min(since ?? 0, UInt64(log.count))
      isReading = true
      toClient.append(
        .event(
          .joined(
            ChatJoined(
              room: room, topic: "", members: [stage.me], last: UInt64(log.count), first: 1,
              after: after, reset: false))))
      for entry in log.dropFirst(Int(after)) { toClient.append(.event(.entry(entry))) }
    case .command: break
    case .numbered(let sequence, let index): try take(sequence, index)
    }
  }

  /// Commits a message, or refuses it, once for all; answers each time.
  private mutating func take(_ sequence: UInt64, _ index: Int) throws {
    let message = said[index]
    if let reason = message.refused { return toClient.append(.rejected(sequence, reason)) }
    var answers: [ToClient] = []
    if let offset = message.committed {
      if chance(50) { answers.append(stored(message.id, offset)) }
    } else if message.text.contains("bad") {
      said[index].refused = "the room is read-only"
      let refusal = ChatRefusal(
        .readOnly, "the room is read-only", room: stage.ops, id: message.id, command: "say")
      toClient.append(.event(.error(refusal)))
      return toClient.append(.rejected(sequence, "the room is read-only"))
    } else {
      let entry = try commit(message.text, id: message.id, from: stage.me)
      said[index].committed = entry.offset
      answers = [stored(message.id, entry.offset)]
      if isReading { answers.append(.event(.entry(entry))) }
      if chance(50) { answers.reverse() }
    }
    toClient += answers
    toClient.append(.acknowledged(sequence))
  }

  private func stored(_ id: MessageID, _ offset: UInt64) -> ToClient {
    .event(.stored(stage.ops, id: id, offset: offset, milliseconds: 1))
  }

  private mutating func commit(_ text: String, id: MessageID, from: Nick) throws -> RoomEntry {
    let entry = RoomEntry(
      room: stage.ops, offset: UInt64(log.count) + 1, id: id, from: from,
      milliseconds: stage.clock.wallMilliseconds, text: text)
    log.append(entry)
    return entry
  }

  private mutating func strangerSpeaks() throws {
    foreign += 1
    // An id that we use too: it is somebody else's message all the same.
    let id = try MessageID("m\(random.next() % 40)")
    let entry = try commit("foreign \(foreign).", id: id, from: try Nick("bob"))
    if connection != nil, isReading { toClient.append(.event(.entry(entry))) }
  }

  // MARK: The client

  private mutating func clientReads() throws {
    guard connection != nil, !toClient.isEmpty else { return }
    switch toClient.removeFirst() {
    case .event(let event): run(.received(event))
    case .acknowledged(let sequence):
      if settle(sequence) != nil { run(.acknowledged(sequence: sequence)) }
    case .rejected(let sequence, let reason):
      if settle(sequence) != nil { run(.failed(sequence: sequence, reason: reason)) }
    }
  }

  /// Feeds the machine, and the screen with what it tells.
  private mutating func run(_ event: ChatClientMachine.Event) {
    machine.handle(event, at: stage.clock.now, into: &actions)
    while let action = actions.popFirst() {
      switch action {
      case .send(let command): if connection != nil { toServer.append(.command(command)) }
      case .ready:
        isGreeted = true
        stage.link(.online) { $0.connectedSince = nil }
      case .tell(let update): stage.feed(.chat(update))
      case .keep, .record, .read: break
      }
    }
  }

  /// The panes' numbers, which come when they come.
  private mutating func report() {
    let now = stage.clock.now
    let inFlight = outbox.filter { connection != nil && said[$0].sentOn == connection }
    stage.feed(
      .pending(
        inFlight.map { index in
          PendingAck(
            sequence: said[index].sequence ?? 0, sentAt: now, deadline: now + .seconds(5),
            tries: 1, bytes: said[index].text.utf8.count)
        }))
    stage.backlog(outbox.count, outbox.count * 10)
  }
}

// MARK: - The oracle

extension DeliveryWorld {
  /// What is wrong with what the screen holds of the room, as sentences.
  func faults() -> [String] {
    guard let window = stage.screen.windows.first(where: { $0.room == stage.ops }) else {
      return ["the room has no window"]
    }
    var faults: [String] = []
    var shown: [MessageID: Int] = [:]
    var foreign: [String] = []
    let byID = Dictionary(uniqueKeysWithValues: said.map { ($0.id, $0) })
    for number in window.timeline.numbers {
      switch window.timeline[number: number]?.content {
      case .own(let own):
        shown[own.id, default: 0] += 1
        guard let truth = byID[own.id] else {
          faults.append("\(own.id) was never said")
          continue
        }
        if let fault = fault(own, truth) { faults.append(fault) }
      case .entry(let entry) where entry.from == stage.me:
        shown[entry.id, default: 0] += 1
        if byID[entry.id]?.committed != entry.offset {
          faults.append("\(entry.id) at \(entry.offset)")
        }
      case .entry(let entry): foreign.append(entry.text)
      case .gap(let from, let to): faults.append("\(from)-\(to) are said to be missing")
      default: break
      }
    }
    for truth in said where truth.isAccepted && shown[truth.id] != 1 {
      faults.append("\(truth.text) is shown \(shown[truth.id] ?? 0) times")
    }
    if foreign != (0..<foreign.count).map({ "foreign \($0 + 1)." }) {
      faults.append("others' lines are \(foreign)")
    }
    return faults
  }

  /// Whether the state that is shown is where the message is.
  private func fault(_ own: OwnMessage, _ truth: Said) -> String? {
    let wasSent = connection != nil && truth.sentOn == connection
    let isRight =
      switch own.state {
      case .buffered: !wasSent && !truth.isSettled
      case .sent: wasSent && !truth.isSettled
      case .stored(let offset):
        truth.committed != nil && (offset == nil || offset == truth.committed)
      case .failed: truth.refused != nil
      // Nobody takes anything back here.
      case .withdrawn: false
      }
    if isRight, own.text == truth.text { return nil }
    return "\(truth) is shown as \(own.state)"
  }

  /// What the picture shows behind each own line in view, against what the timeline holds.
  mutating func pictureFaults() -> [String] {
    guard let window = stage.screen.windows.first(where: { $0.room == stage.ops }) else {
      return []
    }
    var states: [String: DeliveryState] = [:]
    for number in window.timeline.numbers {
      if case .own(let own)? = window.timeline[number: number]?.content {
        states[own.text] = own.state
      }
    }
    let buffer = stage.render()
    let signs = stage.screen.signs
    var faults: [String] = []
    for row in 0..<buffer.rows {
      let text = buffer[row: row].map(\.text).joined()
      guard let start = text.range(of: "alice  own ") else { continue }
      let said = "own " + text[start.upperBound...].prefix { $0 != "." } + "."
      guard let state = states[said] else { continue }
      let (sign, name) =
        switch state {
        case .buffered: (signs.queued, "queued")
        case .sent: (signs.sent, "sent")
        case .stored: (signs.stored, "stored")
        case .failed: (signs.failed, "failed")
        case .withdrawn: (signs.failed, "withdrawn")
        }
      seen.insert(name)
      let rest = text[start.upperBound...].drop { $0 != "." }.dropFirst()
      if !rest.contains(sign) { faults.append("'\(said)' is \(state), but the row is '\(text)'") }
    }
    return faults
  }

  /// What is wrong once everything has come to rest.
  func endFaults() -> [String] {
    var faults = faults()
    let mine = logged
    let expected = said.filter { $0.refused == nil }.map(\.text)
    if mine != expected { faults.append("stored are \(mine), said were \(expected)") }
    let window = stage.screen.windows.first { $0.room == stage.ops }
    var order: [String] = []
    for number in window?.timeline.numbers ?? 0..<0 {
      guard case .own(let own)? = window?.timeline[number: number]?.content else { continue }
      order.append(own.text)
      switch own.state {
      case .buffered, .sent, .withdrawn: faults.append("\(own.text) is still \(own.state)")
      case .stored, .failed: break
      }
    }
    if order != said.map(\.text) { faults.append("the lines stand as \(order)") }
    return faults
  }

  /// The texts of ours that the server holds, in its order.
  private var logged: [String] {
    said.filter { $0.committed != nil }.sorted { ($0.committed ?? 0) < ($1.committed ?? 0) }
      .map(\.text)
  }
}

import HookupCore
import HookupEngine
import HookupTUI
import Synchronization

/// The screen's value behind a lock, and its lines on standard output.
final class PlainPrinter: Sendable {
  private struct State {
    var screen: ChatScreen
    var clock = ClockReader()
    /// Own messages that are neither stored nor refused.
    var open: Set<MessageID> = []
    var refused = 0
    var hasQuit = false
    var hasEnded = false
    /// When the newest snapshot was taken.
    var taken = MonotonicInstant.zero
    /// The server knows us: by then what an earlier run left queued has been told.
    var isWelcome = false
    var isSettled: Bool { isWelcome && open.isEmpty }
    var settled: CheckedContinuation<Void, Never>?
  }

  private let state: Mutex<State>
  private let style: PlainChat.Style

  init(screen: ChatScreen, style: PlainChat.Style) {
    state = Mutex(State(screen: screen))
    self.style = style
  }

  var hasQuit: Bool { state.withLock { $0.hasQuit } }
  func quit() { state.withLock { $0.hasQuit = true } }
  /// The client is about to be closed.
  func end() { state.withLock { $0.hasEnded = true } }

  /// As ``PlainChat/run()`` says.
  var exitStatus: Int32 { state.withLock { $0.refused > 0 ? 3 : $0.open.isEmpty ? 0 : 2 } }

  /// Prints what an update brings.
  /// - Throws: when standard output is gone.
  func take(_ update: ChatUpdate) throws -> [ScreenEffect] {
    let (effects, lines, waiter) = state.withLock { state in
      let effects = state.screen.update(.chat(update), at: state.clock.read())
      var lines = state.screen.takeLines().map { line(for: $0) }
      if case .own(let own) = update { lines.append(line(for: own, &state)) }
      if case .welcomed = update { state.isWelcome = true }
      var waiter: CheckedContinuation<Void, Never>?
      if state.isSettled { swap(&waiter, &state.settled) }
      return (effects, lines, waiter)
    }
    waiter?.resume()
    for line in lines { try StandardOutput.write(line: line) }
    return effects
  }

  /// Takes how link and outbox stand, and prints when the link was lost or is back. Not any more once this chat ends: that the link
  /// then goes is no news.
  /// - Throws: when standard output is gone.
  func take(_ snapshot: ClientSnapshot) throws {
    let lines = state.withLock { state in
      // They are asked for from several places: an older one may come later.
      guard !state.hasEnded, snapshot.taken >= state.taken else { return [String]() }
      state.taken = snapshot.taken
      let clock = state.clock.read()
      let events: [ScreenEvent] = [
        .link(snapshot.link), .pending(snapshot.pendingAcks), .backlog(snapshot.backlog),
      ]
      for event in events { _ = state.screen.update(event, at: clock) }
      return state.screen.takeLines().map { line(for: $0) }
    }
    for line in lines { try StandardOutput.write(line: line) }
  }

  /// Does what Enter does with a line.
  func enter(_ line: String) throws -> [ScreenEffect] {
    var effects: [ScreenEffect] = []
    var lines: [String] = []
    try state.withLock { state in
      let clock = state.clock.read()
      switch style {
      case .text:
        guard line.contains(where: { !$0.isWhitespace }) else { return }
        effects = state.screen.enter(line, at: clock)
      case .json: effects = try enter(json: line, &state, clock)
      }
      lines = state.screen.takePage(at: clock).map { self.line("notice", $0) }
      lines += state.screen.takeLines().map { self.line(for: $0) }
    }
    for line in lines { try StandardOutput.write(line: line) }
    return effects
  }

  func tell(_ sentence: String) throws { try StandardOutput.write(line: line("failure", sentence)) }

  func show(_ lines: [String]) throws {
    for text in lines { try StandardOutput.write(line: line("notice", text)) }
  }

  func waitUntilSettled(atMost limit: Duration) async {
    let timer = Task {
      try? await Task.sleep(for: limit)
      state.withLock { state in
        defer { state.settled = nil }
        return state.settled
      }?.resume()
    }
    await withCheckedContinuation { continuation in
      let isSettled = state.withLock { state in
        if !state.isSettled { state.settled = continuation }
        return state.isSettled
      }
      if isSettled { continuation.resume() }
    }
    timer.cancel()
  }

  // MARK: Input as JSON

  /// `{"room":"ops","text":"…"}` says something, `{"command":"/join #ops"}` does something; `room` is where.
  private func enter(
    json line: String, _ state: inout State, _ clock: ScreenClock
  ) throws -> [ScreenEffect] {
    guard !line.allSatisfy(\.isWhitespace) else { return [] }
    let object: JSONObject
    do {
      guard case .object(let value) = try JSONText(line).parse() else {
        return refuse("a line must be a JSON object", &state, clock)
      }
      object = value
    } catch {
      return refuse("\(error)", &state, clock)
    }
    if case .string(let name)? = object["room"] {
      guard let room = try? RoomName(name) else {
        return refuse("'room' is not the name of a room", &state, clock)
      }
      guard state.screen.choose(room) else {
        return refuse(
          "\(room.label) is not joined: {\"command\":\"/join \(room.label)\"}", &state, clock)
      }
    }
    switch (object["text"], object["command"]) {
    case (.string(let text)?, nil):
      return state.screen.enter(text.hasPrefix("/") ? "/" + text : text, at: clock)
    case (nil, .string(let command)?):
      guard command.hasPrefix("/") else {
        return refuse("'command' begins with a slash", &state, clock)
      }
      return state.screen.enter(command, at: clock)
    default: return refuse("an object has 'text' or 'command'", &state, clock)
    }
  }

  private func refuse(
    _ sentence: String, _ state: inout State, _ clock: ScreenClock
  ) -> [ScreenEffect] {
    state.screen.update(.chat(.refused(code: "bad_line", message: sentence, room: nil)), at: clock)
  }

  // MARK: Lines

  private func line(for line: ChatScreen.Line) -> String {
    switch style {
    case .json:
      var object: JSONObject = ["kind": .string(line.kind), "text": .string(line.text)]
      object["time"] = .string(ISO8601Time.text(milliseconds: line.milliseconds))
      if let room = line.room { object["room"] = .string(room.text) }
      if let from = line.from { object["from"] = .string(from.text) }
      if let offset = line.offset, let number = Int(exactly: offset) {
        object["offset"] = .number(JSONNumber(number))
      }
      return Self.text(object)
    case .text:
      let time = ISO8601Time.text(milliseconds: line.milliseconds)
      let room = line.room?.label ?? "status"
      let mark: String
      switch line.kind {
      case "said", "own": mark = "<\(line.from?.text ?? "")> "
      case "me": mark = "* \(line.from?.text ?? "") "
      case "failure": mark = "!!! "
      default: mark = "--- "
      }
      return Printable.text("\(time) \(room) \(mark)\(line.text)")
    }
  }

  /// The state of an own message.
  private func line(for own: OwnMessage, _ state: inout State) -> String {
    var words = ""
    switch own.state {
    case .buffered:
      state.open.insert(own.id)
      words = "queued"
    case .sent:
      state.open.insert(own.id)
      words = "sent"
    case .stored(let offset):
      state.open.remove(own.id)
      words = "stored" + (offset.map { " at \($0)" } ?? "")
    case .failed(let reason):
      state.open.remove(own.id)
      state.refused += 1
      words = "failed: \(reason)"
    case .withdrawn:
      state.open.remove(own.id)
      words = "withdrawn"
    }
    guard style == .json else {
      return line("notice", "\(own.room.label) \(own.sequence) \(words)")
    }
    let name = words.prefix { $0.isLetter }
    var object: JSONObject = ["kind": .string("state"), "state": .string(String(name))]
    object["id"] = .string(own.id.text)
    object["room"] = .string(own.room.text)
    if case .stored(let offset?) = own.state, let number = Int(exactly: offset) {
      object["offset"] = .number(JSONNumber(number))
    }
    if case .failed(let reason) = own.state { object["reason"] = .string(reason) }
    return Self.text(object)
  }

  private func line(_ kind: String, _ text: String) -> String {
    guard style == .json else {
      return Printable.text((kind == "failure" ? "!!! " : "--- ") + text)
    }
    return Self.text(["kind": .string(kind), "text": .string(text)])
  }

  private static func text(_ object: JSONObject) -> String {
    // Not nested, so it is always rendered.
    Printable.json((try? JSONText(JSONValue.object(object)))?.text ?? "{}")
  }
}

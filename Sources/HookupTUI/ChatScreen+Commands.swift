import HookupCore

/// What a command does.
extension ChatScreen {
  mutating func run(_ command: SlashCommand, at clock: ScreenClock) -> [ScreenEffect] {
    switch command {
    case .join(let room): return join(room, at: clock)
    case .part(let room): return part(room ?? self.room, at: clock)
    case .message(let nick, let text):
      let room = RoomName(directTo: nick)
      let effects = join(room, at: clock)
      return text.isEmpty || effects.isEmpty ? effects : effects + [.say(room, text)]
    case .topic(let text):
      guard let room else { return refuse("a topic belongs to a room; this is none", at: clock) }
      return [.setTopic(room, text)]
    case .names:
      guard let room else { return refuse("people are in rooms; this is none", at: clock) }
      askedNames.insert(room)
      return [.requestMembers(room)]
    case .rooms, .list: return [.requestRooms]
    case .pending: page = .pane(.acks)
    case .backlog: page = .pane(.backlog)
    case .retry: return retry(at: clock)
    case .reconnect: return [.reconnect]
    case .online(let online): return [.setOnline(online)]
    case .panes(let pane, let shown): setPanes(pane, shown)
    case .nick:
      note("you are \(nick); for another nick start again with --nick NAME", at: clock)
    case .clear:
      windows[current].timeline.clear()
      windows[current].scroll = nil
    case .act(let act): return perform(act, at: clock)
    case .about(let ref, let act): return perform(act, about: ref, at: clock)
    case .create(let room, let settings):
      let effects = join(room, at: clock)
      guard !effects.isEmpty, !room.isDirect else { return effects }
      return [.act(room, RoomAct(.created, settings: settings))] + effects
    case .ask(let command): return [.ask(command)]
    case .secret(let prompt): secret = prompt
    case .help: page = .help
    case .quit: return [.quit]
    }
    return []
  }

  private mutating func perform(_ act: RoomAct, at clock: ScreenClock) -> [ScreenEffect] {
    guard let room else { return refuse("that is done in a room; this is none", at: clock) }
    return [act.kind.isSpeech ? .speak(room, act) : .act(room, act)]
  }

  /// Without a number: an edit or a deletion is of one's own newest message, all else of the newest of somebody else.
  private mutating func perform(
    _ act: RoomAct, about ref: UInt64?, at clock: ScreenClock
  ) -> [ScreenEffect] {
    let isOwn = act.kind == .edited || act.kind == .deleted
    guard let ref = ref ?? window.timeline.newestMessage(own: isOwn) else {
      return refuse(
        isOwn ? "you have said nothing here that is stored" : "nobody else has said anything here",
        at: clock)
    }
    var act = act
    act.ref = ref
    return perform(act, at: clock)
  }

  private mutating func join(_ room: RoomName, at clock: ScreenClock) -> [ScreenEffect] {
    guard let index = open(room) else {
      return refuse("no more than \(Self.maximumWindows) windows: /part one first", at: clock)
    }
    leaving.remove(room)
    wanted.insert(room)
    show(index)
    page = nil
    return [.join(room)]
  }

  private mutating func part(_ room: RoomName?, at clock: ScreenClock) -> [ScreenEffect] {
    guard let room else { return refuse("the status window stays", at: clock) }
    guard index(of: room) != nil else { return refuse("you are not in \(room.label)", at: clock) }
    close(room)
    leaving.insert(room)
    return [.part(room)]
  }

  /// Says every failed message of the room again, as a new one; the failed ones stay as they are.
  private mutating func retry(at clock: ScreenClock) -> [ScreenEffect] {
    let failed = window.timeline.failedMessages
    guard !failed.isEmpty else {
      note("nothing failed here", at: clock)
      return []
    }
    for message in failed { windows[current].timeline.markRetried(message.id) }
    return failed.map { .say($0.room, $0.text) }
  }

  private mutating func setPanes(_ pane: Pane?, _ shown: Bool?) {
    if let pane { return setPane(pane, shown: shown ?? hiddenPanes.contains(pane)) }
    let show = shown ?? !hiddenPanes.isEmpty
    hiddenPanes = show ? [] : Set(Pane.allCases)
  }

  private mutating func refuse(_ sentence: String, at clock: ScreenClock) -> [ScreenEffect] {
    fail(sentence, at: clock)
    return [.bell]
  }
}

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
    case .retry(let number): return retry(number, at: clock)
    case .drop(let number): return drop(number, at: clock)
    case .reconnect: return [.reconnect]
    case .online(let online): return [.setOnline(online)]
    case .panes(let pane, let shown): setPanes(pane, shown)
    case .nick:
      note("you are \(nick); for another nick start again with --nick NAME", at: clock)
    case .clear:
      windows[current].timeline.clear()
      setScroll(nil)
    case .act(let act): return perform(act, at: clock)
    case .about(let ref, let act): return perform(act, about: ref, at: clock)
    case .create(let room, let settings):
      let effects = join(room, at: clock)
      guard !effects.isEmpty, !room.isDirect else { return effects }
      return [.act(room, RoomAct(.created, settings: settings))] + effects
    case .ask(let command): return [.ask(command)]
    case .secret(let prompt): secret = prompt
    case .help(nil): page = .help(top: 0)
    case .help(let name?): explain(name, at: clock)
    case .quit: return [.quit]
    default: return runOnScreen(command, at: clock)
    }
    return []
  }

  /// The commands that are about the screen itself.
  private mutating func runOnScreen(
    _ command: SlashCommand, at clock: ScreenClock
  ) -> [ScreenEffect] {
    switch command {
    case .search(nil): beginFinding()
    case .search(let words?): return search(words)
    case .mentions: showMentions()
    case .mark: markAllRead()
    case .ignore(let nick): ignore(nick, at: clock)
    case .unignore(let nick):
      let wasIgnored = ignored.remove(nick.folded) != nil
      note("\(nick) \(wasIgnored ? "is shown again" : "was not ignored")", at: clock)
    case .alias(let name, let text): alias(name, text, at: clock)
    case .unalias(let name):
      let wasThere = aliases.remove(name)
      let shown = Sanitizer.clean(name, limit: 40)
      note("/\(shown) \(wasThere ? "stands for nothing now" : "was no alias")", at: clock)
    case .bell(let rings):
      if let rings { self.rings = rings }
      note("the bell is \(self.rings ? "on" : "off")", at: clock)
    case .url(let number): return show(link: number, at: clock)
    case .export(let name): return export(name, at: clock)
    case .mouse:
      hasMouse.toggle()
      return [.setMouse(hasMouse)]
    case .theme(let name): return [.setTheme(name)]
    case .check: page = .check
    case .keys: page = .keys([])
    case .link: page = .pane(.link)
    default: break
    }
    return []
  }

  private mutating func explain(_ name: String, at clock: ScreenClock) {
    let word = name.drop { $0 == "/" }.lowercased()
    let found = SlashCommand.all.filter { $0.name.hasPrefix(word) }
    let exact = found.filter { $0.name == word }
    for help in exact.isEmpty ? found.prefix(10) : exact.prefix(1) {
      let arguments = help.arguments.isEmpty ? "" : " " + help.arguments
      note("/\(help.name)\(arguments): \(help.meaning)", at: clock)
    }
    if found.isEmpty { fail("there is no command /\(word); /help lists them", at: clock) }
    followNewest()
  }

  private mutating func alias(_ name: String?, _ text: String, at clock: ScreenClock) {
    guard let name else {
      for (name, text) in aliases.texts.sorted(by: { $0.key < $1.key }) {
        note("/\(name): \(Sanitizer.clean(text, limit: 400))", at: clock)
      }
      if aliases.texts.isEmpty { note("there are no aliases: /alias name text", at: clock) }
      return followNewest()
    }
    do throws(Aliases.Problem) {
      try aliases.set(name, to: text)
      note("/\(name.lowercased()) stands for: \(Sanitizer.clean(text, limit: 400))", at: clock)
    } catch {
      fail(error.sentence, at: clock)
    }
    followNewest()
  }

  private mutating func ignore(_ nick: Nick?, at clock: ScreenClock) {
    guard let nick else {
      let names = ignored.sorted().prefix(100).joined(separator: ", ")
      return note(names.isEmpty ? "nobody is ignored" : "ignored: \(names)", at: clock)
    }
    guard ignored.count < Self.maximumNicks else {
      return fail("no more than \(Self.maximumNicks) are ignored: /unignore one first", at: clock)
    }
    ignored.insert(nick.folded)
    note("\(nick) is ignored: /unignore \(nick)", at: clock)
  }

  private mutating func show(link number: Int?, at clock: ScreenClock) -> [ScreenEffect] {
    let timeline = window.timeline
    guard let number else {
      let lines = timeline.numbers.suffix(2_000).compactMap { timeline[number: $0] }
      let links = lines.filter { $0.firstLink > 0 }.flatMap { line in
        WebLinks.texts(in: line.text).enumerated().map { "[\(line.firstLink + $0.0)] \($0.1)" }
      }
      guard !links.isEmpty else { return refuse("there are no links here", at: clock) }
      return [.showPlain(links.suffix(100).map { Sanitizer.clean($0, limit: 4_096) })]
    }
    guard let link = timeline.link(number) else {
      return refuse("there is no link [\(number)] here", at: clock)
    }
    return [.showPlain([Sanitizer.clean(link, limit: 4_096)])]
  }

  private mutating func export(_ name: String?, at clock: ScreenClock) -> [ScreenEffect] {
    guard let room else { return refuse("only rooms are exported", at: clock) }
    let day = ISO8601Time.text(milliseconds: clock.wallMilliseconds).prefix(10)
    let plain = room.text.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
    return [.export(name: name ?? "\(plain)-\(day).txt", lines: exportedLines())]
  }

  private mutating func drop(_ number: UInt64?, at clock: ScreenClock) -> [ScreenEffect] {
    guard let number else {
      let failed = window.timeline.failedMessages
      for message in failed { windows[current].timeline.markDropped(message.id) }
      return failed.isEmpty ? refuse("nothing failed here", at: clock) : []
    }
    for index in windows.indices {
      guard let own = windows[index].timeline.own(sequence: number) else { continue }
      switch own.state {
      case .failed:
        windows[index].timeline.markDropped(own.id)
        return []
      case .stored: return refuse("\(number) is stored: /delete it instead", at: clock)
      case .buffered: return [.withdraw(own.id)]
      case .sent:
        return refuse("\(number) is on its way: it cannot be taken back any more", at: clock)
      case .withdrawn: return refuse("\(number) is taken back", at: clock)
      }
    }
    return refuse("there is no message \(number) of yours here", at: clock)
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

  private mutating func retry(_ number: UInt64?, at clock: ScreenClock) -> [ScreenEffect] {
    let failed = window.timeline.failedMessages.filter { number == nil || $0.sequence == number }
    guard !failed.isEmpty else {
      note(
        number == nil ? "nothing failed here" : "no message of that number failed here", at: clock)
      return []
    }
    return retry(failed)
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

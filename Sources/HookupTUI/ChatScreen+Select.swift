import HookupCore

/// Choosing a message, and what can be done with it.
extension ChatScreen {
  static let selectHint = "r reply  e edit  d delete  + react  y copy  o link  Esc"
  static let selectFailedHint = "r retry  e edit  d drop  y copy  Esc"

  /// The newest message in view, or nothing when there is none.
  mutating func beginSelecting(at clock: ScreenClock) {
    let timeline = window.timeline
    let end = window.scroll.map { $0.line + 1 } ?? timeline.numbers.upperBound
    guard let line = timeline.line(from: end, upwards: true, where: { $0.isSaid }) else {
      hint = "there is no message to choose"
      return
    }
    page = nil
    mode = .select(line, asks: false)
  }

  mutating func select(
    _ action: KeyAction, _ number: UInt64, asks: Bool, at clock: ScreenClock
  ) -> [ScreenEffect]? {
    switch action {
    case .up, .insert("k"), .select: return moveSelection(number, upwards: true, at: clock)
    case .down, .insert("j"): return moveSelection(number, upwards: false, at: clock)
    case .escape, .cancel, .send:
      mode = .write
      return []
    case .redraw, .suspend, .quit, .toggle, .focus: return nil
    case .insert(let character):
      if let effects = act(on: number, character, asks: asks, at: clock) { return effects }
    default: break
    }
    // Any other key is for the draft.
    mode = .write
    return nil
  }

  private mutating func moveSelection(
    _ number: UInt64, upwards: Bool, at clock: ScreenClock
  ) -> [ScreenEffect] {
    let next = window.timeline.line(from: number, upwards: upwards) { $0.isSaid }
    guard let next else { return [.bell] }
    mode = .select(next, asks: false)
    reveal(next, at: clock)
    return fetchOlderIfNear(at: clock)
  }

  /// What a letter does with the message; nil for one that does nothing.
  private mutating func act(
    on number: UInt64, _ letter: Character, asks: Bool, at clock: ScreenClock
  ) -> [ScreenEffect]? {
    guard "red+yo".contains(letter), let line = window.timeline[number: number] else { return nil }
    switch letter {
    case "y":
      editor.keep(line.text)
      mode = .write
      hint = "copied: ^Y puts it into the draft"
      return []
    case "o": return open(line)
    default: break
    }
    if case .own(let own) = line.content, line.offset == nil {
      return act(onUnstored: own, line, letter, asks: asks, at: clock)
    }
    guard let offset = line.offset else {
      hint = "the server has not told its number yet"
      return [.bell]
    }
    return act(onStored: line, offset, letter, asks: asks)
  }

  private mutating func act(
    onStored line: ChatTimeline.Line, _ offset: UInt64, _ letter: Character, asks: Bool
  ) -> [ScreenEffect] {
    let isOwn = line.speech.map { $0.from == nick } ?? true
    switch letter {
    case "r": begin(draft: "/reply \(offset) ")
    case "+": begin(draft: "/react \(offset) ")
    case "e":
      guard isOwn else { return decline("only your own messages can be edited") }
      begin(draft: "/edit \(offset) \(line.text)")
    default:
      guard asks else {
        hint = "d again deletes it for everybody; any other key does not"
        mode = .select(line.number, asks: true)
        return []
      }
      mode = .write
      guard let room else { return [] }
      var act = RoomAct(.deleted)
      act.ref = offset
      return [.act(room, act)]
    }
    return []
  }

  private mutating func act(
    onUnstored own: OwnMessage, _ line: ChatTimeline.Line, _ letter: Character, asks: Bool,
    at clock: ScreenClock
  ) -> [ScreenEffect] {
    switch own.state {
    case .failed where !line.isRetried && !line.isDropped: break
    case .buffered where letter == "d":
      mode = .write
      return [.withdraw(own.id)]
    case .buffered: return decline("it waits in the outbox: d takes it back")
    case .sent, .stored: return decline("it is on its way: wait until it is stored or failed")
    case .failed, .withdrawn: return decline("that is done with already")
    }
    mode = .write
    switch letter {
    case "r": return retry([own])
    case "e":
      windows[current].timeline.markDropped(own.id)
      begin(draft: own.text)
    case "d": windows[current].timeline.markDropped(own.id)
    default: return decline("it was not said: r says it again")
    }
    return []
  }

  private mutating func decline(_ sentence: String) -> [ScreenEffect] {
    hint = sentence
    return [.bell]
  }

  /// Leaves what was being written in the history.
  private mutating func begin(draft text: String) {
    mode = .write
    editor.clear()
    editor.insert(text)
  }

  private mutating func open(_ line: ChatTimeline.Line) -> [ScreenEffect] {
    guard line.firstLink > 0, let link = window.timeline.link(line.firstLink) else {
      return decline("there is no link in it")
    }
    mode = .write
    return [.showPlain([Sanitizer.clean(link, limit: WebLinks.maximumBytes)])]
  }

  /// Says failed messages again, as new ones; the failed ones stay as they are.
  mutating func retry(_ messages: [OwnMessage]) -> [ScreenEffect] {
    for message in messages { windows[current].timeline.markRetried(message.id) }
    return messages.map { message in
      message.kind == .said && message.ref == nil
        ? .say(message.room, message.text)
        : .speak(message.room, RoomAct(message.kind, text: message.text, ref: message.ref))
    }
  }
}

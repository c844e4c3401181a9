import HookupCore

/// What the keys do while they do not write the draft. Nil: what they always do.
extension ChatScreen {
  mutating func pressInMode(_ action: KeyAction, at clock: ScreenClock) -> [ScreenEffect]? {
    switch mode {
    case .write: nil
    case .find(let finder): find(action, finder, at: clock)
    case .recall(let recall): self.recall(action, recall)
    case .choose(let query, let selected): choose(action, query, selected)
    case .select(let line, let asks): select(action, line, asks: asks, at: clock)
    }
  }

  // MARK: Finding in the room

  mutating func beginFinding() {
    page = nil
    mode = .find(Finder(start: window.scroll))
  }

  private mutating func find(
    _ action: KeyAction, _ before: Finder, at clock: ScreenClock
  ) -> [ScreenEffect]? {
    var finder = before
    switch action {
    case .insert(let character):
      guard finder.query.count < Finder.maximumCharacters else { return [.bell] }
      finder.query.append(character)
      // The line that is found may still fit.
      look(&finder, from: finder.match.map { $0 + 1 }, upwards: true, at: clock)
    case .paste(let text):
      finder.query = String(
        (finder.query + text.prefix { $0 != "\n" }).prefix(Finder.maximumCharacters))
      look(&finder, from: nil, upwards: true, at: clock)
    case .deleteBackward:
      guard finder.query.popLast() != nil else { return leaveFinding(before, at: clock) }
      finder.match = nil
      look(&finder, from: nil, upwards: true, at: clock)
    case .recall, .up: look(&finder, from: finder.match, upwards: true, at: clock)
    case .find, .down: look(&finder, from: finder.match, upwards: false, at: clock)
    case .complete, .completeBack: finder.isEverywhere.toggle()
    case .send:
      mode = .write
      guard finder.isEverywhere, !finder.query.isEmpty else { return [] }
      setScroll(finder.start)
      return search(finder.query)
    case .escape, .cancel, .switchRoom: return leaveFinding(before, at: clock)
    case .pageUp, .pageDown, .scrollUp, .scrollDown, .redraw, .suspend, .quit, .toggle: return nil
    default:
      mode = .write
      return nil
    }
    mode = .find(finder)
    return finder.isMissed && !finder.isEverywhere ? [.bell] : []
  }

  private mutating func leaveFinding(
    _ finder: Finder, at clock: ScreenClock
  ) -> [ScreenEffect] {
    mode = .write
    setScroll(finder.start)
    return []
  }

  private mutating func look(
    _ finder: inout Finder, from line: UInt64?, upwards: Bool, at clock: ScreenClock
  ) {
    finder.isMissed = false
    guard !finder.query.isEmpty, !finder.isEverywhere else { return }
    let timeline = window.timeline
    let start = line ?? (upwards ? timeline.numbers.upperBound : timeline.numbers.lowerBound)
    guard let match = timeline.line(holding: finder.query, from: start, upwards: upwards) else {
      finder.isMissed = true
      return
    }
    finder.match = match
    reveal(match, at: clock)
  }

  // MARK: Finding among the lines that were sent

  private mutating func recall(_ action: KeyAction, _ before: Recall) -> [ScreenEffect]? {
    var recall = before
    switch action {
    case .insert(let character):
      guard recall.query.count < Finder.maximumCharacters else { return [.bell] }
      recall.query.append(character)
      step(&recall, to: editor.recall(recall.query, before: recall.match.map { $0 + 1 }))
    case .deleteBackward:
      guard recall.query.popLast() != nil else {
        mode = .write
        return []
      }
      recall.match = nil
      step(&recall, to: editor.recall(recall.query))
    case .recall, .up: step(&recall, to: editor.recall(recall.query, before: recall.match))
    case .find, .down:
      step(&recall, to: recall.match.flatMap { editor.recall(recall.query, after: $0) })
    case .escape, .cancel, .switchRoom:
      mode = .write
      return []
    case .send, .complete, .moveRight, .moveToLineEnd, .moveLeft, .moveToLineStart:
      mode = .write
      if let match = recall.match {
        editor.replace(0..<editor.draft.characters.count, with: editor.history[match])
      }
      // Enter takes the line and does not send it: a second one does.
      if action == .moveLeft { editor.moveLeft() }
      if action == .moveToLineStart { editor.moveToLineStart() }
      return []
    default:
      mode = .write
      return nil
    }
    mode = .recall(recall)
    return recall.isMissed ? [.bell] : []
  }

  private func step(_ recall: inout Recall, to match: Int?) {
    recall.isMissed = match == nil
    recall.match = match ?? recall.match
  }

  // MARK: Choosing a room

  private mutating func choose(
    _ action: KeyAction, _ before: String, _ chosen: Int
  ) -> [ScreenEffect]? {
    var (query, selected) = (before, chosen)
    let matching = windows(matching: query)
    switch action {
    case .insert(let character):
      guard query.count < Finder.maximumCharacters else { return [.bell] }
      query.append(character)
      selected = 0
    case .deleteBackward:
      guard query.popLast() != nil else {
        mode = .write
        return []
      }
      selected = 0
    case .up, .completeBack: selected = max(0, selected - 1)
    case .down, .complete, .switchRoom: selected = min(selected + 1, max(0, matching.count - 1))
    case .send:
      mode = .write
      guard matching.indices.contains(selected) else {
        hint = "no room of that name is open: /join it"
        return [.bell]
      }
      show(matching[selected])
      return []
    case .escape, .cancel:
      mode = .write
      return []
    default:
      mode = .write
      return nil
    }
    mode = .choose(query: query, selected: selected)
    return []
  }
}

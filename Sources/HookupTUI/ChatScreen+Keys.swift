import HookupCore

/// What a key does.
extension ChatScreen {
  mutating func press(_ key: Key, at clock: ScreenClock) -> [ScreenEffect] {
    guard let action = KeyMap.action(for: key) else { return [] }
    if case .focus(let focused) = action {
      focus(focused)
      return []
    }
    if case .keys(let names) = page { return name(key, after: names) }
    hint = nil
    if isFocused, window.scroll == nil { windows[current].timeline.markRead() }
    if action != .cancel { asksToQuit = false }
    if action != .complete, action != .completeBack { completion = nil }
    // While a password is written, only what writes one: it must not become a draft, a history line or a message.
    if secret != nil, !action.writesSecrets { return [.bell] }
    if let effects = pressInMode(action, at: clock) { return effects }
    if case .list(let list) = page, let effects = pressInList(action, list, at: clock) {
      return effects
    }
    if let effects = control(action, at: clock) ?? go(action, at: clock) { return effects }
    return edit(action) ? tellTyping(action, at: clock) : [.bell]
  }

  /// `/keys`: shows what the terminal sends, until Escape is pressed twice.
  private mutating func name(_ key: Key, after names: [String]) -> [ScreenEffect] {
    let name = String(describing: key)
    page = names.last == name && key == Key(.escape) ? nil : .keys(names.suffix(99) + [name])
    return []
  }

  /// Keys that do not edit; nil for those that do.
  private mutating func control(_ action: KeyAction, at clock: ScreenClock) -> [ScreenEffect]? {
    switch action {
    case .send: return send(at: clock)
    case .cancel: return cancel()
    case .quit: return [.quit]
    case .redraw: return [.redraw]
    case .suspend: return [.suspend]
    case .escape:
      if page != nil {
        page = nil
      } else if editor.isEmpty {
        beginSelecting(at: clock)
      }
    case .help: if case .help? = page { page = nil } else { page = .help(top: 0) }
    case .toggle(let pane): toggle(pane)
    case .complete: complete(back: false)
    case .completeBack: complete(back: true)
    case .pageUp, .pageDown, .scrollUp, .scrollDown, .scrollToTop, .scrollToBottom:
      return scroll(action, at: clock)
    case .previousRoom: step(by: -1)
    case .nextRoom: step(by: 1)
    case .lastRoom: show(previous)
    case .nextActiveRoom: showNextActive()
    case .room(let number):
      if windows.indices.contains(number - 1) {
        show(number - 1)
      } else {
        hint = "there is no window \(number)"
      }
    default: return nil
    }
    return []
  }

  /// Keys that go somewhere or change what keys mean; nil for others.
  private mutating func go(_ action: KeyAction, at clock: ScreenClock) -> [ScreenEffect]? {
    switch action {
    case .find: beginFinding()
    case .recall: mode = .recall(Recall())
    case .switchRoom: mode = .choose(query: "", selected: 0)
    case .select: beginSelecting(at: clock)
    case .firstUnread: showFirstUnread(at: clock)
    case .readAll: markAllRead()
    case .previousMention, .nextMention:
      showMention(upwards: action == .previousMention, at: clock)
    case .plain: return [.showPlain(plainLines(at: clock))]
    case .openEditor: return [.edit(editor.text)]
    case .toggleMouse:
      hasMouse.toggle()
      hint = hasMouse ? "the mouse scrolls; with Shift it selects" : "the mouse selects"
      return [.setMouse(hasMouse)]
    case .click(let row, let column): click(row, column)
    default: return nil
    }
    return []
  }

  /// A click on a room shows it.
  private mutating func click(_ row: Int, _ column: Int) {
    let layout = self.layout
    guard let area = layout.rooms, (area.column..<area.end).contains(column) else { return }
    if let number = roomsPane.number(at: row - area.row, rows: area.rows) { show(number) }
  }

  /// Says that this person is writing, at most every four seconds, and never of a command.
  private mutating func tellTyping(_ action: KeyAction, at clock: ScreenClock) -> [ScreenEffect] {
    guard case .insert = action, options.tellsTyping, secret == nil, let room,
      ConnectionPane.isUp(connection.link.state), editor.draft.characters.first != "/",
      typingToldAt.map({ $0 + .seconds(4) <= clock.now }) ?? true
    else { return [] }
    typingToldAt = clock.now
    return [.ask(.typing(room))]
  }

  /// What came back from the editor takes the place of the draft; the line end that editors add is not meant.
  mutating func edited(_ text: String) {
    guard secret == nil else { return }
    var text = text
    if text.unicodeScalars.last == "\n" { text.unicodeScalars.removeLast() }
    guard editor.replace(0..<editor.draft.characters.count, with: text) else {
      hint = "not taken: a message is at most \(LineEditor.maximumBytes) bytes long"
      return
    }
  }

  /// False when the key could do nothing.
  private mutating func edit(_ action: KeyAction) -> Bool {
    switch action {
    case .insert(let character): return insert(String(character), isTyped: true)
    case .newline: return insert("\n", isTyped: false)
    case .paste(let text): return paste(text)
    case .moveLeft: editor.moveLeft()
    case .moveRight: editor.moveRight()
    case .moveWordLeft: editor.moveWordLeft()
    case .moveWordRight: editor.moveWordRight()
    case .moveToLineStart: editor.moveToLineStart()
    case .moveToLineEnd: editor.moveToLineEnd()
    case .up: editor.up()
    case .down: editor.down()
    case .deleteBackward: editor.deleteBackward()
    case .deleteForward: editor.deleteForward()
    case .deleteWordBackward: editor.deleteWordBackward()
    case .deleteWordForward: editor.deleteWordForward()
    case .deleteToSpace: editor.deleteToSpace()
    case .killToStart: editor.killToStart()
    case .killToEnd: editor.killToEnd()
    case .yank: return editor.yank()
    case .yankPop: return editor.yankPop()
    case .transpose: editor.transpose()
    case .undo: editor.undo()
    case .redo: editor.redo()
    default: break
    }
    return true
  }

  private mutating func insert(_ text: String, isTyped: Bool) -> Bool {
    if editor.insert(text, isTyped: isTyped) { return true }
    hint = "a message is at most \(LineEditor.maximumBytes) bytes long"
    return false
  }

  /// A paste goes into the draft and is never sent by itself, whatever line ends it holds.
  private mutating func paste(_ text: String) -> Bool {
    guard insert(text, isTyped: false) else { return false }
    var lines = 1
    for byte in text.utf8 where byte == 0x0A { lines += 1 }
    if lines > 5 { hint = "pasted \(lines) lines: Enter sends them as one message, ^C clears" }
    return true
  }

  /// ^C: clears the draft; on an empty one asks, and quits when it is pressed again.
  private mutating func cancel() -> [ScreenEffect] {
    if secret != nil {
      secret = nil
      editor.forget()
    } else if page != nil {
      page = nil
    } else if !editor.isEmpty {
      editor.clear()
      asksToQuit = false
    } else if asksToQuit {
      return [.quit]
    } else {
      asksToQuit = true
      hint = "^C again quits; what waits in the backlog is kept"
    }
    return []
  }

  private mutating func send(at clock: ScreenClock) -> [ScreenEffect] {
    if let prompt = secret { return takeSecret(for: prompt, at: clock) }
    let text = editor.text
    guard text.contains(where: { !$0.isWhitespace }) else {
      page = nil
      return []
    }
    switch SlashCommand.parse(aliases.expanded(text)) {
    case .command(let command):
      _ = editor.takeText()
      return run(command, at: clock)
    case .error(let sentence):
      // The draft stays, to be put right.
      fail(sentence, at: clock)
      followNewest()
      return [.bell]
    case .text(let text):
      guard let room else {
        fail("this is the status window: /join #room first, then write there", at: clock)
        return [.bell]
      }
      _ = editor.takeText()
      followNewest()
      return [.say(room, text)]
    }
  }

  /// The password goes to the engine and nowhere else, not into the editor's history either.
  private mutating func takeSecret(
    for prompt: SecretPrompt, at clock: ScreenClock
  ) -> [ScreenEffect] {
    let text = editor.text
    editor.forget()
    secret = nil
    guard !text.isEmpty else { return [] }
    return switch prompt {
    case .register: [.ask(.register(password: text, device: options.device))]
    case .logIn: [.logIn(password: text)]
    }
  }

  mutating func followNewest() {
    setScroll(nil)
    page = nil
  }

  private mutating func complete(back: Bool) {
    if completion == nil {
      completion = Completion(
        in: editor.draft, nicks: window.completions(me: nick),
        rooms: windows.compactMap { $0.room?.label })
    }
    guard var step = completion else { return }
    let text = step.step(back: back)
    guard editor.replace(step.range, with: text) else { return }
    step.range = step.range.lowerBound..<editor.cursor
    completion = step
    if step.candidates.count > 1 {
      hint = step.candidates.enumerated().map { index, candidate in
        let word = candidate.filter { $0 != " " && $0 != ":" }
        return index == step.index ? "[\(word)]" : word
      }.joined(separator: " ")
    }
  }

  private mutating func scroll(
    _ action: KeyAction, at clock: ScreenClock
  ) -> [ScreenEffect] {
    if case .help(let top) = page {
      scrollHelp(action, top)
      return []
    }
    let layout = self.layout
    let pane = timelinePane(layout, at: clock)
    let height = viewRows(layout, isScrolled: true)
    let isPage = action == .pageUp || action == .pageDown
    let step = isPage ? max(1, height - 1) : min(3, max(1, height))
    let scroll = window.scroll
    switch action {
    case .pageUp, .scrollUp: setScroll(pane.scrolledUp(scroll, by: step, rows: height))
    case .pageDown, .scrollDown: setScroll(pane.scrolledDown(scroll, by: step))
    case .scrollToTop: setScroll(pane.scrolledToTop(rows: height))
    default: setScroll(nil)
    }
    // Asking again is what clears a problem: the person wants to go on.
    if action == .pageUp || action == .scrollUp { windows[current].problem = nil }
    return fetchOlderIfNear(at: clock)
  }

  private mutating func scrollHelp(_ action: KeyAction, _ top: Int) {
    let area = layout.chat
    let last = max(0, HelpPage.rows(columns: area.columns).count - area.rows)
    let step = action == .pageUp || action == .pageDown ? max(1, area.rows - 1) : 3
    switch action {
    case .pageUp, .scrollUp: page = .help(top: max(0, min(top, last) - step))
    case .pageDown, .scrollDown: page = .help(top: min(last, top + step))
    case .scrollToTop: page = .help(top: 0)
    default: page = .help(top: last)
    }
  }

  private mutating func toggle(_ pane: Pane) {
    let hasSide =
      Layout(
        columns: columns, rows: rows, inputRows: 1, showsRooms: true, showsSide: true
      ).side != nil
    guard hasSide || pane == .rooms else {
      page = page == .pane(pane) ? nil : .pane(pane)
      return
    }
    setPane(pane, shown: hiddenPanes.contains(pane))
  }

  mutating func setPane(_ pane: Pane, shown: Bool) {
    if shown { hiddenPanes.remove(pane) } else { hiddenPanes.insert(pane) }
  }
}

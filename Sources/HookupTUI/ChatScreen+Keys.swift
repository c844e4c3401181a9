import HookupCore

/// What a key does.
extension ChatScreen {
  mutating func press(_ key: Key, at clock: ScreenClock) -> [ScreenEffect] {
    guard let action = KeyMap.action(for: key) else { return [] }
    if case .focus(let focused) = action {
      focus(focused)
      return []
    }
    hint = nil
    if action != .cancel { asksToQuit = false }
    if action != .complete, action != .completeBack { completion = nil }
    // While a password is written, only what writes one: it must not become a draft, a history line or a message.
    if secret != nil, !action.writesSecrets { return [.bell] }
    if let effects = control(action, at: clock) { return effects }
    return edit(action) ? [] : [.bell]
  }

  /// Keys that do not edit; nil for those that do.
  private mutating func control(_ action: KeyAction, at clock: ScreenClock) -> [ScreenEffect]? {
    switch action {
    case .send: return send(at: clock)
    case .cancel: return cancel()
    case .quit: return [.quit]
    case .redraw: return [.redraw]
    case .suspend: return [.suspend]
    case .escape: page = nil
    case .help: page = page == .help ? nil : .help
    case .toggle(let pane): toggle(pane)
    case .complete: complete(back: false)
    case .completeBack: complete(back: true)
    case .pageUp, .pageDown, .scrollUp, .scrollDown, .scrollToTop, .scrollToBottom:
      scroll(action, at: clock)
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
    switch SlashCommand.parse(text) {
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
    windows[current].scroll = nil
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

  private mutating func scroll(_ action: KeyAction, at clock: ScreenClock) {
    let layout = self.layout
    let pane = timelinePane(layout, at: clock)
    let height = layout.chat.rows
    let step =
      action == .pageUp || action == .pageDown ? max(1, height - 1) : min(3, max(1, height))
    let scroll = window.scroll
    switch action {
    case .pageUp, .scrollUp:
      windows[current].scroll = pane.scrolledUp(scroll, by: step, rows: height)
    case .pageDown, .scrollDown:
      windows[current].scroll = pane.scrolledDown(scroll, by: step)
    case .scrollToTop: windows[current].scroll = pane.scrolledToTop(rows: height)
    default: windows[current].scroll = nil
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

/// What a key means.
enum KeyAction: Hashable, Sendable {
  case send, newline
  case insert(Character)
  case paste(String)
  case moveLeft, moveRight, moveWordLeft, moveWordRight, moveToLineStart, moveToLineEnd, up, down
  case deleteBackward, deleteForward, deleteWordBackward, deleteWordForward, deleteToSpace
  case killToStart, killToEnd, yank, yankPop, transpose, undo, redo
  /// Find in the room; find in the lines that were sent.
  case find, recall
  case complete, completeBack
  case pageUp, pageDown, scrollUp, scrollDown, scrollToTop, scrollToBottom
  case previousRoom, nextRoom, lastRoom, nextActiveRoom
  /// Window 1...10.
  case room(Int)
  case toggle(Pane)
  case switchRoom, firstUnread, readAll, previousMention, nextMention
  case select, plain, openEditor, toggleMouse
  case click(row: Int, column: Int)
  case help, redraw, suspend, cancel, escape, quit
  case focus(Bool)

  /// Whether it may be pressed while a password is written.
  var writesSecrets: Bool {
    switch self {
    case .send, .cancel, .quit, .redraw, .suspend, .insert, .paste, .moveLeft, .moveRight,
      .moveToLineStart, .moveToLineEnd, .deleteBackward, .deleteForward, .killToStart:
      true
    default: false
    }
  }
}

/// Which key means what: what most terminal chats and readline agree on.
enum KeyMap {
  static func action(for key: Key) -> KeyAction? {
    switch key.base {
    case .character(let character): typed(character, key.modifiers)
    case .paste(let text): .paste(text)
    case .enter: key.modifiers.isEmpty ? .send : .newline
    case .tab: key.modifiers.contains(.shift) ? .completeBack : .complete
    case .backspace: key.modifiers.contains(.alt) ? .deleteWordBackward : .deleteBackward
    case .delete: key.modifiers.contains(.alt) ? .deleteWordForward : .deleteForward
    case .escape: .escape
    case .focusGained: .focus(true)
    case .focusLost: .focus(false)
    case .wheelUp: .scrollUp
    case .wheelDown: .scrollDown
    case .click(let row, let column): .click(row: row, column: column)
    case .insert: nil
    case .function(let number): function(number)
    case .up, .down, .left, .right, .home, .end, .pageUp, .pageDown:
      movement(key.base, key.modifiers)
    }
  }

  /// Keys and their meaning in few words, for the help.
  static let help: [(keys: String, meaning: String)] = [
    ("Enter", "send"), ("Alt-Enter", "new line"), ("Tab", "complete a nick, #room, /go"),
    ("Up Down", "history, lines of a draft"), ("^R", "find in the history"),
    ("^A ^E ^B ^F", "start, end, left, right"), ("M-b M-f", "word left, right"),
    ("^W M-BS M-d", "delete words"), ("^U ^K ^Y M-y", "kill to start, to end, yank"),
    ("^T ^_ M-_", "transpose, undo, redo"), ("M-e", "write in $EDITOR"),
    ("PgUp PgDn", "scroll; M-Home, M-End"), ("^S", "find in the room; Tab: everywhere"),
    ("Esc M-Up", "choose a message: r e d + y o"), ("M-p M-n", "previous, next mention"),
    ("M-u M-U", "first unread; all is read"), ("^P ^N", "previous, next room"),
    ("M-1 .. M-0", "room by number"), ("^G", "room by name"),
    ("M-a M-/", "next active, last room"), ("M-l", "plain lines, to copy"),
    ("M-m", "mouse on, off"), ("F1", "this page"), ("F2 .. F5", "panes"),
    ("^C", "clear; twice: quit"), ("^L ^Z ^Q", "redraw, suspend, quit"),
  ]

  private static func typed(
    _ character: Character, _ modifiers: Key.Modifiers
  ) -> KeyAction? {
    if modifiers.contains(.control) { return control(character) }
    if modifiers.contains(.alt) { return alt(character) }
    return .insert(character)
  }

  private static func control(_ character: Character) -> KeyAction? {
    switch character {
    case "a": .moveToLineStart
    case "e": .moveToLineEnd
    case "b": .moveLeft
    case "f": .moveRight
    case "d": .deleteForward
    case "h": .deleteBackward
    case "w": .deleteToSpace
    case "k": .killToEnd
    case "u": .killToStart
    case "y": .yank
    case "t": .transpose
    case "_", "/": .undo
    case "p": .previousRoom
    case "n": .nextRoom
    case "l": .redraw
    case "z": .suspend
    case "c": .cancel
    case "q": .quit
    case "i": .complete
    case "j", "m": .send
    case "v": .pageDown
    case "s": .find
    case "r": .recall
    case "g": .switchRoom
    default: nil
    }
  }

  private static func alt(_ character: Character) -> KeyAction? {
    switch character {
    case "b": .moveWordLeft
    case "f": .moveWordRight
    case "d": .deleteWordForward
    case "_": .redo
    case "a": .nextActiveRoom
    case "/": .lastRoom
    case "v": .pageUp
    case "<": .scrollToTop
    case ">": .scrollToBottom
    case "1"..."9": character.wholeNumberValue.map { .room($0) }
    case "0": .room(10)
    case "y": .yankPop
    case "u": .firstUnread
    case "U": .readAll
    case "p": .previousMention
    case "n": .nextMention
    case "l": .plain
    case "e": .openEditor
    case "m": .toggleMouse
    case "B": .toggle(.rooms)
    case "N": .toggle(.members)
    default: nil
    }
  }

  private static func function(_ number: Int) -> KeyAction? {
    if number == 1 { return .help }
    return Pane.side.first { $0.functionKey == number }.map { .toggle($0) }
  }

  private static func movement(_ base: Key.Base, _ modifiers: Key.Modifiers) -> KeyAction? {
    let isControl = modifiers.contains(.control)
    let isAlt = modifiers.contains(.alt)
    switch base {
    case .left: return isAlt ? .previousRoom : isControl ? .moveWordLeft : .moveLeft
    case .right: return isAlt ? .nextRoom : isControl ? .moveWordRight : .moveRight
    case .up: return isAlt ? .select : .up
    case .down: return .down
    case .home: return isAlt || isControl ? .scrollToTop : .moveToLineStart
    case .end: return isAlt || isControl ? .scrollToBottom : .moveToLineEnd
    case .pageUp: return isAlt ? .scrollUp : .pageUp
    case .pageDown: return isAlt ? .scrollDown : .pageDown
    default: return nil
    }
  }
}

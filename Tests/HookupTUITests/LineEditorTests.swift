import HookupCore
import Testing

@testable import HookupTUI

@Suite struct LineEditorTests {
  var editor = LineEditor()

  /// The text with `|` at the cursor.
  var shown: String {
    let characters = editor.draft.characters
    return String(characters[..<editor.cursor]) + "|" + String(characters[editor.cursor...])
  }

  @Test mutating func `typing and moving by characters`() {
    editor.insert("ac")
    editor.moveLeft()
    editor.insert("b")
    #expect(shown == "ab|c")
    editor.moveToLineStart()
    editor.moveLeft()
    #expect(shown == "|abc")
    editor.moveToLineEnd()
    editor.moveRight()
    editor.deleteBackward()
    #expect(shown == "ab|")
    editor.moveLeft()
    editor.deleteForward()
    editor.deleteForward()
    #expect(shown == "a|")
  }

  @Test mutating func `words are moved over and deleted as in readline`() {
    editor.insert("one two.three  four")
    editor.moveWordLeft()
    #expect(shown == "one two.three  |four")
    editor.moveWordLeft()
    #expect(shown == "one two.|three  four")
    editor.moveWordRight()
    #expect(shown == "one two.three|  four")
    editor.deleteWordBackward()
    #expect(shown == "one two.|  four")
    editor.deleteToSpace()
    #expect(shown == "one |  four")
    editor.deleteWordForward()
    #expect(shown == "one |")
    let result1 = editor.yank()
    #expect(result1)
    // Kills in a row are one stretch, as in readline.
    #expect(shown == "one two.three  four|")
  }

  @Test mutating func `lines are killed to both sides and yanked back`() {
    editor.insert("hello world")
    editor.moveWordLeft()
    editor.killToEnd()
    #expect(shown == "hello |")
    editor.killToStart()
    #expect(shown == "|")
    let result2 = editor.yank()
    #expect(result2)
    #expect(shown == "hello world|")
  }

  @Test mutating func `Alt-Y puts an older stretch in the place of the one that was yanked`() {
    editor.insert("one two three")
    for _ in 0..<3 {
      editor.deleteWordBackward()
      editor.moveToLineEnd()
    }
    #expect(shown == "|")
    let (first, second, third, fourth) = (
      editor.yank(), editor.yankPop(), editor.yankPop(), editor.yankPop()
    )
    #expect(first && second && third && fourth)
    #expect(shown == "one |")
    _ = editor.yankPop()
    #expect(shown == "two |")
    editor.moveLeft()
    let result = editor.yankPop()
    #expect(!result, "something else was done since")
    for number in 0..<100 { editor.keep("k\(number)") }
    editor.clear()
    _ = editor.yank()
    for _ in 0..<LineEditor.maximumKills - 1 { _ = editor.yankPop() }
    #expect(shown == "k\(100 - LineEditor.maximumKills)|")
  }

  @Test mutating func `the history is searched without regard to case, both ways`() {
    editor.restore(history: ["make all", "git Push", "make test", "ls"])
    #expect(editor.recall("MAKE") == 2)
    #expect(editor.recall("make", before: 2) == 0)
    #expect(editor.recall("make", before: 0) == nil)
    #expect(editor.recall("make", after: 0) == 2)
    #expect(editor.recall("push", after: 3) == nil)
    #expect(editor.recall("nothing") == nil)
    editor.up()
    #expect(shown == "ls|")
  }

  @Test mutating func `killing at a line end joins the lines`() {
    editor.insert("a\nb")
    editor.up()
    editor.killToEnd()
    #expect(shown == "a|b")
  }

  @Test mutating func `two characters change places`() {
    editor.insert("abc")
    editor.transpose()
    #expect(shown == "acb|")
    editor.moveToLineStart()
    editor.transpose()
    #expect(shown == "|acb")
    editor.moveRight()
    editor.transpose()
    #expect(shown == "ca|b")
  }

  @Test mutating func `a run of typing is one step of undo, and redo brings it back`() {
    for sign in "one" { editor.insert(String(sign), isTyped: true) }
    editor.moveLeft()
    for sign in "XY" { editor.insert(String(sign), isTyped: true) }
    editor.undo()
    #expect(shown == "on|e")
    editor.undo()
    #expect(shown == "|")
    editor.undo()
    editor.redo()
    editor.redo()
    #expect(shown == "onXY|e")
  }

  @Test mutating func `typing over is undone to what was there`() {
    editor.insert("x", isTyped: true)
    editor.deleteBackward()
    editor.insert("y", isTyped: true)
    editor.undo()
    #expect(shown == "|")
    editor.undo()
    #expect(shown == "x|")
  }

  @Test mutating func `up and down move in a draft of several lines, then in the history`() {
    editor.insert("first")
    let result3 = editor.takeText()
    #expect(result3 == "first")
    editor.insert("second")
    let result4 = editor.takeText()
    #expect(result4 == "second")
    editor.insert("ab\ncdef")
    editor.up()
    #expect(shown == "ab|\ncdef")
    editor.up()
    #expect(shown == "second|")
    editor.up()
    editor.up()
    #expect(shown == "first|")
    editor.down()
    editor.down()
    #expect(shown == "ab|\ncdef")
    editor.down()
    #expect(shown == "ab\ncd|ef")
    editor.down()
    #expect(shown == "ab\ncd|ef")
  }

  @Test mutating func `a cleared draft is in the history and comes back by undo`() {
    editor.insert("not sent")
    editor.clear()
    #expect(shown == "|")
    editor.undo()
    #expect(shown == "not sent|")
    editor.clear()
    editor.up()
    #expect(shown == "not sent|")
  }

  @Test mutating func `drafts change places with their cursors`() {
    editor.insert("for ops")
    editor.moveLeft()
    let ops = editor.swap(in: LineEditor.Draft())
    editor.insert("for dev")
    editor.swap(in: ops)
    #expect(shown == "for op|s")
    editor.undo()
    #expect(shown == "for op|s")
  }

  @Test mutating func `a mark typed behind its base joins it and the cursor stays behind it`() {
    editor.insert("e", isTyped: true)
    editor.insert("\u{301}", isTyped: true)
    #expect(editor.draft.characters == ["é"])
    #expect(editor.cursor == 1)
    editor.moveLeft()
    editor.insert("\u{1F1E9}")
    editor.insert("\u{1F1EA}")
    #expect(editor.draft.characters.count == 2)
    #expect(editor.cursor == 1)
  }

  @Test mutating func `a paste keeps line ends and tabs and loses other controls`() {
    editor.insert("a\r\nb\rc\n\u{1B}[201~\td\u{7F}\u{9B}")
    #expect(editor.text == "a\nb\nc\n[201~\td")
  }

  @Test mutating func `what passes the limit is refused whole`() {
    let result5 = editor.insert(String(repeating: "x", count: LineEditor.maximumBytes - 1))
    #expect(result5)
    let result6 = editor.insert("yz")
    #expect(!result6)
    let result7 = editor.insert("é")
    #expect(!result7)
    let result8 = editor.insert("y")
    #expect(result8)
    let result9 = editor.insert("z")
    #expect(!result9)
    #expect(editor.text.utf8.count == LineEditor.maximumBytes)
    let result10 = editor.replace(0..<1, with: "toolong")
    #expect(!result10)
    let result11 = editor.replace(0..<1, with: "w")
    #expect(result11)
  }

  @Test(arguments: 0..<12) func `no sequence of keys breaks the draft`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    var editor = LineEditor()
    let pieces = [
      "a", " ", "\n", "é", "\u{301}", "日", "\u{1F468}\u{200D}", "\u{1F469}", "\u{1F1E9}", "\r",
      "\r\n",
      "\u{1B}", "x/y", String(repeating: "long ", count: 700), "\u{200D}", "\u{FE0F}", "",
    ]
    for _ in 0..<300 {
      switch random.next() % 24 {
      case 0...6: editor.insert(pieces[Int(random.next() % UInt64(pieces.count))])
      case 7: editor.insert("t", isTyped: true)
      case 8: editor.deleteBackward()
      case 9: editor.deleteForward()
      case 10: editor.deleteWordBackward()
      case 11: editor.deleteWordForward()
      case 12: editor.deleteToSpace()
      case 13: editor.killToStart()
      case 14: editor.killToEnd()
      case 15: _ = editor.yank()
      case 16: editor.transpose()
      case 17: editor.undo()
      case 18: editor.redo()
      case 19: editor.up()
      case 20: editor.down()
      case 21: editor.moveWordLeft()
      case 22: editor.moveWordRight()
      default: editor.moveLeft()
      }
      let draft = editor.draft
      #expect((0...draft.characters.count).contains(draft.cursor))
      #expect(Array(editor.text) == draft.characters)
      #expect(editor.text.utf8.count <= LineEditor.maximumBytes)
      #expect(
        editor.text.unicodeScalars.allSatisfy {
          $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control
        })
    }
  }
}

@Suite struct CompletionTests {
  func candidates(_ text: String) -> [String]? {
    var editor = LineEditor()
    editor.insert(text)
    return Completion(
      in: editor.draft, nicks: ["bob", "Bert", "carol"], rooms: ["#ops", "#dev", "@bob"])?
      .candidates
  }

  @Test func `a word is completed by what it begins with`() {
    #expect(candidates("b") == ["bob: ", "Bert: "])
    #expect(candidates("hi B") == ["bob ", "Bert "])
    #expect(candidates("hi @c") == ["@carol "])
    #expect(candidates("/join #o") == ["#ops "])
    #expect(candidates("/ret") == ["/retry "])
    #expect(candidates("say /re") == nil)
    #expect(candidates("x") == nil)
    #expect(candidates("") == nil)
    #expect(candidates("b ") == nil)
  }
}

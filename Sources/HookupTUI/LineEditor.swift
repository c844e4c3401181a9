/// The line (or lines) that is being written, and the cursor in it, with the keys of readline.
///
/// The text is a list of grapheme clusters, so the cursor cannot stand inside one. It holds line ends and tabs but no
/// other control character, and at most ``maximumBytes`` bytes: what would pass that is refused whole.
struct LineEditor: Hashable, Sendable {
  /// A text and a cursor: what is kept of a room that is left, and one step of undo.
  struct Draft: Hashable, Sendable {
    var characters: [Character] = []
    /// Clusters in front of the cursor, 0...characters.count.
    var cursor = 0
  }

  /// UTF-8 bytes of one draft.
  static let maximumBytes = 8 << 10
  static let maximumUndo = 64
  static let maximumHistory = 200
  /// Stretches that were killed and can be yanked.
  static let maximumKills = 32

  private(set) var draft = Draft()
  /// What ^W, ^U, ^K and M-d took, the last one at the end; ^Y gives it back, M-y the ones before.
  private var kills: [String] = []
  /// Kills in a row are one stretch.
  private var isKilling = false
  /// What the last key yanked, so that M-y can put another stretch in its place.
  private var yanked: (range: Range<Int>, kill: Int)? {
    get { yankedRange.map { ($0, yankedKill) } }
    set {
      yankedRange = newValue?.range
      yankedKill = newValue?.kill ?? 0
    }
  }
  private var yankedRange: Range<Int>?
  private var yankedKill = 0
  private var undoStack: [Draft] = []
  private var redoStack: [Draft] = []
  /// Lines that were sent, oldest first; shared by all rooms.
  private(set) var history: [String] = []
  /// Where in the history one stands; nil at the draft itself, which is kept meanwhile.
  private var historyIndex: Int?
  private var beforeHistory = Draft()
  /// Whether the last edit typed a character: a run of typing is one step of undo.
  private var isTyping = false

  var text: String { String(draft.characters) }
  var isEmpty: Bool { draft.characters.isEmpty }
  var cursor: Int { draft.cursor }

  // MARK: Editing

  /// Puts text in at the cursor. False when there is no room for all of it; then nothing changes.
  @discardableResult
  mutating func insert(_ text: String, isTyped: Bool = false) -> Bool {
    let clean = Self.allowed(text)
    guard !clean.isEmpty else { return true }
    guard self.text.utf8.count + clean.utf8.count <= Self.maximumBytes else { return false }
    if !(isTyped && isTyping) { remember() }
    let before = String(draft.characters[..<draft.cursor]) + clean
    set(before, String(draft.characters[draft.cursor...]))
    isTyping = isTyped
    return true
  }

  /// Replaces the clusters of `range` by `text`, as completion does; the cursor stands behind it.
  @discardableResult
  mutating func replace(_ range: Range<Int>, with text: String) -> Bool {
    let range = range.clamped(to: 0..<draft.characters.count)
    let before = String(draft.characters[..<range.lowerBound]) + Self.allowed(text)
    let after = String(draft.characters[range.upperBound...])
    guard before.utf8.count + after.utf8.count <= Self.maximumBytes else { return false }
    remember()
    set(before, after)
    return true
  }

  mutating func deleteBackward() { delete(max(0, cursor - 1)..<cursor) }
  mutating func deleteForward() { delete(cursor..<min(cursor + 1, draft.characters.count)) }
  mutating func deleteWordBackward() { kill(startOfWord(before: cursor)..<cursor, isBack: true) }
  mutating func deleteWordForward() { kill(cursor..<endOfWord(after: cursor)) }

  /// ^W: to the white space before, whatever the characters are.
  mutating func deleteToSpace() {
    var start = cursor
    while start > 0, draft.characters[start - 1].isWhitespace { start -= 1 }
    while start > 0, !draft.characters[start - 1].isWhitespace { start -= 1 }
    kill(start..<cursor, isBack: true)
  }

  mutating func killToStart() { kill(lineStart..<cursor, isBack: true) }
  mutating func killToEnd() {
    // At the end of a line the line end itself goes, as in readline's multi-line relatives.
    let end = lineEnd
    kill(cursor..<(end == cursor ? min(end + 1, draft.characters.count) : end))
  }

  mutating func yank() -> Bool {
    guard let last = kills.last else { return false }
    let start = cursor
    guard insert(last) else { return false }
    yanked = (start..<cursor, kills.count - 1)
    return true
  }

  /// M-y, right after a yank: the stretch that was killed before takes its place, in a circle.
  mutating func yankPop() -> Bool {
    guard let yanked, yanked.range.upperBound == cursor, !kills.isEmpty else { return false }
    let kill = (yanked.kill + kills.count - 1) % kills.count
    guard replace(yanked.range, with: kills[kill]) else { return false }
    self.yanked = (yanked.range.lowerBound..<cursor, kill)
    return true
  }

  /// Puts a stretch where ^Y finds it.
  mutating func keep(_ text: String) { keep(kill: text) }

  /// ^T: the character before the cursor changes places with the one at it; at the end the last two do.
  mutating func transpose() {
    guard draft.characters.count >= 2, cursor > 0 else { return }
    let second = min(cursor, draft.characters.count - 1)
    var swapped = draft.characters
    swapped.swapAt(second - 1, second)
    remember()
    set(String(swapped[...second]), String(swapped[(second + 1)...]))
  }

  mutating func undo() {
    guard let last = undoStack.popLast() else { return }
    redoStack.append(draft)
    draft = last
    isTyping = false
  }

  mutating func redo() {
    guard let next = redoStack.popLast() else { return }
    undoStack.append(draft)
    draft = next
    isTyping = false
  }

  // MARK: Moving

  mutating func moveLeft() { move(to: cursor - 1) }
  mutating func moveRight() { move(to: cursor + 1) }
  mutating func moveWordLeft() { move(to: startOfWord(before: cursor)) }
  mutating func moveWordRight() { move(to: endOfWord(after: cursor)) }
  mutating func moveToLineStart() { move(to: lineStart) }
  mutating func moveToLineEnd() { move(to: lineEnd) }

  /// One line up in a draft of several lines; else back in the history.
  mutating func up() {
    guard lineStart > 0 else { return stepHistory(back: true) }
    let column = cursor - lineStart
    move(to: lineStart - 1)
    move(to: min(lineStart + column, lineEnd))
  }

  /// One line down in a draft of several lines; else forward in the history.
  mutating func down() {
    guard lineEnd < draft.characters.count else { return stepHistory(back: false) }
    let column = cursor - lineStart
    move(to: lineEnd + 1)
    move(to: min(lineStart + column, lineEnd))
  }

  // MARK: Drafts and history

  /// The newest line of the history before `index` that holds `query`, without regard to case; nil when there is none.
  func recall(_ query: String, before index: Int? = nil) -> Int? {
    history[..<min(index ?? history.count, history.count)].lastIndex { Self.line($0, holds: query) }
  }

  /// The oldest such line after `index`.
  func recall(_ query: String, after index: Int) -> Int? {
    guard index + 1 < history.count else { return nil }
    return history[(index + 1)...].firstIndex { Self.line($0, holds: query) }
  }

  private static func line(_ line: String, holds query: String) -> Bool {
    query.isEmpty || line.lowercased().contains(query.lowercased())
  }

  /// Lines that were sent in an earlier run, oldest first.
  mutating func restore(history lines: [String]) {
    for line in lines.suffix(Self.maximumHistory) where line.utf8.count <= Self.maximumBytes {
      addToHistory(Self.allowed(line))
    }
  }

  /// Takes the text out, for sending or keeping in the history, and starts an empty draft.
  mutating func takeText() -> String {
    let text = self.text
    addToHistory(text)
    swap(in: Draft())
    return text
  }

  /// Empties the draft; undo brings it back.
  mutating func clear() {
    guard !isEmpty else { return }
    addToHistory(text)
    remember()
    draft = Draft()
  }

  /// Empties the draft and leaves no trace of it: not in the history, not for undo, not to be yanked.
  mutating func forget() {
    swap(in: Draft())
    kills = []
  }

  /// Puts another room's draft in and returns the one that was here. The steps of undo go.
  @discardableResult
  mutating func swap(in other: Draft) -> Draft {
    let old = draft
    draft = other
    undoStack = []
    redoStack = []
    historyIndex = nil
    isTyping = false
    return old
  }

  private mutating func addToHistory(_ line: String) {
    guard !line.isEmpty, history.last != line else { return }
    history.append(line)
    if history.count > Self.maximumHistory { history.removeFirst() }
  }

  private mutating func stepHistory(back: Bool) {
    let index = (historyIndex ?? history.count) + (back ? -1 : 1)
    guard index >= 0, index <= history.count, back || historyIndex != nil else { return }
    if historyIndex == nil { beforeHistory = draft }
    isTyping = false
    if index == history.count {
      draft = beforeHistory
      historyIndex = nil
    } else {
      set(history[index], "")
      historyIndex = index
    }
  }
}

// MARK: - Places

extension LineEditor {
  private var lineStart: Int {
    (draft.characters[..<cursor].lastIndex(of: "\n") ?? -1) + 1
  }

  private var lineEnd: Int {
    draft.characters[cursor...].firstIndex(of: "\n") ?? draft.characters.count
  }

  private func startOfWord(before index: Int) -> Int {
    var index = index
    while index > 0, !Self.isWord(draft.characters[index - 1]) { index -= 1 }
    while index > 0, Self.isWord(draft.characters[index - 1]) { index -= 1 }
    return index
  }

  private func endOfWord(after index: Int) -> Int {
    var index = index
    while index < draft.characters.count, !Self.isWord(draft.characters[index]) { index += 1 }
    while index < draft.characters.count, Self.isWord(draft.characters[index]) { index += 1 }
    return index
  }

  private static func isWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber
  }

  private mutating func move(to index: Int) {
    draft.cursor = min(max(0, index), draft.characters.count)
    endRuns()
  }

  /// The next edit begins another step of undo, another kill.
  private mutating func endRuns() {
    isTyping = false
    isKilling = false
    yankedRange = nil
  }

  private mutating func delete(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    remember()
    set(
      String(draft.characters[..<range.lowerBound]), String(draft.characters[range.upperBound...]))
  }

  private mutating func kill(_ range: Range<Int>, isBack: Bool = false) {
    guard !range.isEmpty else { return }
    let joins = isKilling
    let text = String(draft.characters[range])
    delete(range)
    if joins, let last = kills.popLast() {
      keep(kill: isBack ? text + last : last + text)
    } else {
      keep(kill: text)
    }
    isKilling = true
  }

  private mutating func keep(kill text: String) {
    kills.append(text)
    if kills.count > Self.maximumKills { kills.removeFirst() }
  }

  /// Sets the text to both parts and the cursor between them. Clusters may join where the parts meet (a mark typed
  /// behind its base): then the cursor stands behind the joined one.
  private mutating func set(_ before: String, _ after: String) {
    draft.characters = Array(before + after)
    var bytes = before.utf8.count
    draft.cursor = draft.characters.count
    for (index, character) in draft.characters.enumerated() {
      if bytes <= 0 {
        draft.cursor = index
        break
      }
      bytes -= character.utf8.count
    }
    endRuns()
  }

  private mutating func remember() {
    redoStack = []
    undoStack.append(draft)
    if undoStack.count > Self.maximumUndo { undoStack.removeFirst() }
    isTyping = false
  }

  /// The text without control characters other than line ends and tabs; CR LF and CR are line ends.
  private static func allowed(_ text: String) -> String {
    var clean = String.UnicodeScalarView()
    var wasReturn = false
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x0D: clean.append("\n")
      case 0x0A: if !wasReturn { clean.append(scalar) }
      case 0x09: clean.append(scalar)
      case 0...0x1F, 0x7F...0x9F: break
      default: clean.append(scalar)
      }
      wasReturn = scalar.value == 0x0D
    }
    return String(clean)
  }
}

import HookupCore

/// The screen for a client without one: lines in, lines out. Windows, commands and refusals are the same.
extension ChatScreen {
  /// A line that came in one of the windows.
  public struct Line: Hashable, Sendable {
    /// Nil for the status window.
    public var room: RoomName?
    public var milliseconds: Int64
    /// `said`, `me`, `own`, `event`, `gap`, `notice`, `failure`.
    public var kind: String
    /// Who said it; nil for what nobody said.
    public var from: Nick?
    public var offset: UInt64?
    /// Not sanitised.
    public var text: String
  }

  /// Does what Enter does with a line that was written.
  public mutating func enter(_ line: String, at clock: ScreenClock) -> [ScreenEffect] {
    mode = .write
    page = nil
    editor.clear()
    guard editor.insert(line) else {
      return update(.chat(.notice("the line is too long")), at: clock)
    }
    let effects = update(.key(Key(.enter)), at: clock)
    // What was refused stays on a screen to be put right; here it has gone by.
    editor.clear()
    return effects.filter { $0 != .bell }
  }

  /// Goes to the window of a room, for the lines that follow.
  public mutating func choose(_ room: RoomName) -> Bool {
    guard let index = index(of: room) else { return false }
    show(index)
    return true
  }

  /// What a command like /help or /pending shows, as plain lines; empty when it was none of these.
  public mutating func takePage(at clock: ScreenClock) -> [String] {
    defer { page = nil }
    guard page != nil else { return [] }
    // As on a screen that is narrow, so that nothing stands beside the page, and high enough for all of it.
    var tall = self
    (tall.columns, tall.rows) = (Self.pageColumns, Self.pageRows)
    let buffer = tall.render(at: clock)
    let area = tall.layout.chat
    let lines = (area.row..<min(area.row + area.rows, buffer.rows)).map { row in
      var text = buffer[row: row].map(\.text).joined()
      while text.last == " " { text.removeLast() }
      return text
    }
    return lines.filter { !$0.isEmpty }
  }

  /// The most columns at which a page covers the whole width.
  private static let pageColumns = 75
  /// More than the longest list has.
  private static let pageRows = 500

  /// The lines that came since this was asked the last time, by windows, each once.
  public mutating func takeLines() -> [Line] {
    var lines: [Line] = []
    for index in windows.indices {
      let timeline = windows[index].timeline
      let first = max(windows[index].taken, timeline.numbers.lowerBound)
      for number in first..<max(first, timeline.numbers.upperBound) {
        guard let line = timeline[number: number], let plain = plainLine(line, windows[index].room)
        else { continue }
        lines.append(plain)
      }
      windows[index].taken = timeline.numbers.upperBound
    }
    return lines.sorted { $0.milliseconds < $1.milliseconds }
  }

  private func plainLine(_ line: ChatTimeline.Line, _ room: RoomName?) -> Line? {
    var plain = Line(
      room: room, milliseconds: line.milliseconds, kind: "notice", text: line.text)
    switch line.content {
    case .entry(let entry):
      guard !ignored.contains(entry.from.folded) else { return nil }
      plain.kind = entry.kind.isSpeech ? entry.kind.rawValue : "event"
      plain.from = entry.from
      plain.offset = entry.offset
      if !entry.kind.isSpeech { plain.text = entry.sentence }
    case .own(let own):
      plain.kind = "own"
      plain.from = nick
      plain.text = own.text
    case .gap(let from, let to):
      plain.kind = "gap"
      plain.text = "\(from)-\(to) are missing"
    case .failure: plain.kind = "failure"
    case .link(let notice):
      // It is in the window that was shown as well, for a reader who looks at one.
      guard room == nil else { return nil }
      plain.kind = notice.isFailure ? "failure" : "notice"
    case .notice: break
    case .presence(let presence):
      plain.kind = "event"
      plain.text = presence.changes.map { "\($0.nick) \($0.arrived ? "joined" : "left")" }
        .joined(separator: ", ")
    }
    return plain
  }
}

import HookupCore

/// The part of a room's lines that is in view, and moving it. Every step lays out a page or two, however long the
/// room is.
extension TimelinePane {
  /// The rows in view, at most `rows`, ending where the view stands.
  func visible(rows: Int, scroll: ChatWindow.Scroll?) -> [StyledText] {
    guard rows > 0, let bottom = bottom(of: scroll) else { return [] }
    var blocks: [[StyledText]] = []
    var count = 0
    var number = bottom.line
    while true {
      var block = self.rows(of: number)
      if number == bottom.line { block.removeLast(min(bottom.hidden, max(0, block.count - 1))) }
      blocks.append(block)
      count += block.count
      guard count < rows, number > timeline.numbers.lowerBound else { break }
      number -= 1
    }
    return Array(blocks.reversed().joined().suffix(rows))
  }

  /// The lines in view, at most `rows` rows of them, the oldest first.
  func numbers(rows: Int, scroll: ChatWindow.Scroll?) -> Range<UInt64> {
    guard rows > 0, let bottom = bottom(of: scroll) else { return 0..<0 }
    var count = -bottom.hidden
    var number = bottom.line
    while true {
      count += self.rows(of: number).count
      guard count < rows, number > timeline.numbers.lowerBound else { break }
      number -= 1
    }
    return number..<(bottom.line + 1)
  }

  /// The newest rows, at most `rows`, of lines below the view.
  func tail(rows: Int, scroll: ChatWindow.Scroll?) -> [StyledText] {
    guard let scroll, let bottom = bottom(of: scroll) else { return [] }
    var blocks: [[StyledText]] = []
    var count = 0
    var number = timeline.numbers.upperBound
    while number > bottom.line, count < rows {
      number -= 1
      var block = self.rows(of: number)
      if number == bottom.line { block = block.suffix(bottom.hidden) }
      blocks.append(block)
      count += block.count
    }
    return Array(blocks.reversed().joined().suffix(rows))
  }

  /// Whether the whole of a line is in view.
  func shows(_ line: UInt64, scroll: ChatWindow.Scroll?, rows: Int) -> Bool {
    guard let bottom = bottom(of: scroll), line <= bottom.line else { return false }
    if line == bottom.line { return bottom.hidden == 0 }
    var count = -bottom.hidden
    for number in stride(from: bottom.line, through: line, by: -1) where count <= rows {
      count += self.rows(of: number).count
    }
    return count <= rows
  }

  /// Messages below the view that name us, of the first thousand lines.
  func mentionsBelow(_ scroll: ChatWindow.Scroll?) -> Int {
    guard let scroll, let bottom = bottom(of: scroll) else { return 0 }
    let numbers = (bottom.line + 1)..<max(bottom.line + 1, timeline.numbers.upperBound)
    return numbers.prefix(1_000).count { timeline[number: $0]?.isMention ?? false }
  }

  /// Lines below the view.
  func below(_ scroll: ChatWindow.Scroll?) -> Int {
    guard let scroll, let bottom = bottom(of: scroll) else { return 0 }
    return Int(timeline.numbers.upperBound - 1 - bottom.line) + (bottom.hidden > 0 ? 1 : 0)
  }

  /// The view moved up by `step` rows, at most until the oldest line is at the top.
  func scrolledUp(_ scroll: ChatWindow.Scroll?, by step: Int, rows: Int) -> ChatWindow.Scroll? {
    guard var place = bottom(of: scroll) else { return nil }
    var above = -place.hidden
    var number = place.line
    while above < rows + step {
      above += self.rows(of: number).count
      guard number > timeline.numbers.lowerBound else { break }
      number -= 1
    }
    var left = min(step, above - rows)
    guard left > 0 else { return scroll }
    while left > 0 {
      let shown = self.rows(of: place.line).count - place.hidden
      if left < shown {
        place.hidden += left
        left = 0
      } else {
        left -= shown
        place = ChatWindow.Scroll(line: place.line - 1, hidden: 0)
      }
    }
    return place
  }

  /// The view moved down by `step` rows; nil when it arrives at the newest line.
  func scrolledDown(_ scroll: ChatWindow.Scroll?, by step: Int) -> ChatWindow.Scroll? {
    guard scroll != nil, var place = bottom(of: scroll) else { return nil }
    var left = step
    while left > 0 {
      if place.hidden > 0 {
        let taken = min(left, place.hidden)
        place.hidden -= taken
        left -= taken
      } else {
        guard place.line + 1 < timeline.numbers.upperBound else { return nil }
        place.line += 1
        place.hidden = self.rows(of: place.line).count
      }
    }
    let isAtEnd = place.hidden == 0 && place.line + 1 == timeline.numbers.upperBound
    if isAtEnd { return nil }
    // A line of which nothing is shown is not the lowest one in view.
    if place.hidden == self.rows(of: place.line).count, place.line > timeline.numbers.lowerBound {
      return ChatWindow.Scroll(line: place.line - 1, hidden: 0)
    }
    return place
  }

  /// The view with the oldest line at the top.
  func scrolledToTop(rows: Int) -> ChatWindow.Scroll? {
    let oldest = ChatWindow.Scroll(line: timeline.numbers.lowerBound, hidden: 0)
    guard let first = bottom(of: oldest) else { return nil }
    var place = first
    place.hidden = max(0, self.rows(of: place.line).count - 1)
    return scrolledDown(place, by: max(0, rows - 1))
  }

  /// The lowest line in view: the newest one, or where the view stands as far as that line is still kept.
  private func bottom(of scroll: ChatWindow.Scroll?) -> ChatWindow.Scroll? {
    let numbers = timeline.numbers
    guard let last = numbers.last else { return nil }
    guard let scroll else { return ChatWindow.Scroll(line: last, hidden: 0) }
    guard scroll.line >= numbers.lowerBound else {
      return ChatWindow.Scroll(line: numbers.lowerBound, hidden: 0)
    }
    let line = min(scroll.line, last)
    let count = self.rows(of: line).count
    return ChatWindow.Scroll(line: line, hidden: min(max(0, scroll.hidden), max(0, count - 1)))
  }
}

import HookupCore

/// The lines of a room as rows. A row depends on its own line, the line before it and the time, on nothing else, so
/// only what is visible is ever laid out.
///
/// What people say never reaches the columns of time and nick: a message of many lines, or one that imitates a
/// line, stays indented under its own nick.
struct TimelinePane {
  var timeline: ChatTimeline
  /// Cells of the longest nick.
  var nickColumns: Int
  var columns: Int
  /// Columns for time and nick; without, the nick stands in the text as `<nick>`.
  var isTabular: Bool
  var signs: Signs
  var clock: ScreenClock
  /// The messages in flight, for their tries and ages.
  var acks: AcksPane
  /// Nicks, folded, whose messages are not shown.
  var ignored: Set<String> = []
  /// What stands above the oldest line.
  var top: String?
  /// The line that is chosen or was found.
  var selected: UInt64?
  /// What is looked for: it is underlined wherever it stands.
  var highlight = ""

  /// Time, nick column, two spaces.
  private var textColumn: Int { isTabular ? 5 + nickColumns + 1 + 2 : 1 }
  /// The state of an own message takes the last cell and leaves one free before it.
  private var textColumns: Int { max(1, columns - textColumn - (isTabular ? 2 : 0)) }

  /// All rows of one line: a date where the day changes, the mark of what is new, the line.
  func rows(of number: UInt64) -> [StyledText] {
    guard let line = timeline[number: number] else { return [] }
    var rows: [StyledText] = []
    if let top, number == timeline.numbers.lowerBound {
      rows.append(rule(Sanitizer.clean(top, limit: 200), signs.horizontal, .dim))
    }
    let day = NumberText.day(line.milliseconds, clock.utcOffsetSeconds)
    let before = timeline[number: number - 1]
    let dayBefore = NumberText.day(
      before?.milliseconds ?? clock.wallMilliseconds, clock.utcOffsetSeconds)
    if day != dayBefore {
      rows.append(rule(NumberText.date(day: day), signs.horizontal, .dim))
    }
    if let marker = timeline.marker, marker.before == number {
      let text = isTabular ? "\(marker.count) new messages" : "\(marker.count) new"
      rows.append(
        rule(marker.count == 1 ? "1 new message" : text, signs.newMessages, .accent))
    }
    var body = self.body(of: line)
    if number == selected, !body.isEmpty { mark(&body[0]) }
    return rows + body
  }

  /// Shows a chosen line by what stands in front of its text.
  private func mark(_ row: inout StyledText) {
    let end = isTabular ? textColumn - 1 : columns
    var column = 0
    for (index, glyph) in row.glyphs.enumerated() where column < end {
      column += glyph.width
      if isTabular || !glyph.isSpace { row.restyle(index..<(index + 1)) { $0.reverse.toggle() } }
      if !isTabular, glyph.text == ">" { break }
    }
  }

  private func body(of line: ChatTimeline.Line) -> [StyledText] {
    switch line.content {
    case .entry(let entry) where entry.kind.isSpeech:
      let own = entry.from == timeline.nick
      guard !ignored.contains(entry.from.folded) else {
        return said(line, by: entry.from, "(ignored)", isDim: true)
      }
      return said(
        line, by: entry.from, Self.text(of: entry), answer: answer(to: entry.act.ref),
        isDim: entry.since?.deleted != nil, mark: own ? Mark(sign: signs.stored, role: .dim) : nil)
        + reactions(of: entry)
    case .entry(let entry): return event(line, "---", entry.sentence, .notice)
    case .own(let own): return said(line, own)
    case .gap(let from, let to):
      let count = to - from
      let text = count == 0 ? "entry \(from) is missing" : "\(from)-\(to) are missing"
      return [rule(text, signs.horizontal, .warning)]
    case .presence(let presence): return event(line, "-->", words(of: presence), .dim)
    case .notice(let text): return event(line, "---", text, .notice)
    case .failure(let text): return event(line, "!!!", text, .bad)
    case .link(let notice):
      let often = notice.losses > 1 ? " (lost \(notice.losses) times)" : ""
      return notice.isFailure
        ? event(line, "!!!", notice.text + often, .bad)
        : event(line, "---", notice.text + often, .notice)
    }
  }

  // MARK: What people say

  private func said(_ line: ChatTimeline.Line, _ own: OwnMessage) -> [StyledText] {
    let text = own.kind == .me ? "* \(timeline.nick) \(own.text)" : own.text
    var rows = said(
      line, by: timeline.nick, text, answer: answer(to: own.ref),
      isDim: line.isRetried || line.isDropped || own.state == .withdrawn,
      mark: mark(of: own))
    if own.state == .withdrawn {
      rows += [Glyph].rows(of: "(taken back)", columns: textColumns, .dim).map { indent + $0 }
    }
    if case .failed(let reason) = own.state {
      let isDone = line.isRetried || line.isDropped
      let end =
        line.isRetried
        ? "  (said again below)" : line.isDropped ? "  (dropped)" : "  /retry  /drop, or Esc r e d"
      let text = "\(signs.failed) failed: " + Sanitizer.clean(reason, limit: 300) + end
      rows += [Glyph].rows(of: text, columns: textColumns, isDone ? .dim : .bad).map { indent + $0 }
    }
    return rows
  }

  /// What is answered, in a few words.
  private func answer(to ref: UInt64?) -> [Glyph] {
    guard let ref else { return [] }
    var words = "\(signs.reply)\(ref)"
    if let number = timeline.line(at: ref), let line = timeline[number: number],
      line.offset == ref, line.isSaid
    {
      let from = line.speech?.from ?? timeline.nick
      words = "\(signs.reply) \(from): \(line.text.prefix { !$0.isNewline })"
    }
    let quote = StyledText(Sanitizer.clean(words, limit: 200))
    return quote.truncated(to: textColumns, ellipsis: signs.ellipsis).glyphs
  }

  private static func text(of entry: RoomEntry) -> String {
    if entry.since?.deleted != nil { return "(deleted)" }
    let text = entry.kind == .me ? "* \(entry.from) \(entry.text)" : entry.text
    return text + (entry.since?.edited == nil ? "" : " (edited)")
  }

  /// One row under the message.
  private func reactions(of entry: RoomEntry) -> [StyledText] {
    guard let reactions = entry.since?.reactions, !reactions.isEmpty else { return [] }
    let words = reactions.map { "\(Sanitizer.clean($0.text, limit: 16)) \($0.count)" }
    let glyphs = Sanitizer.glyphs(of: words.joined(separator: "  "), limit: 200)
    return glyphs.wrapped(to: textColumns).prefix(1).map {
      indent + StyledText($0, CellStyle(.dim))
    }
  }

  /// The state of an own message at the right edge.
  private struct Mark {
    var sign: String
    var role: CellStyle.Role
    /// How long a slow message has waited, in front of the sign; how often it was sent, behind it.
    var age = ""
    var tries = ""

    var style: CellStyle { CellStyle(role, bold: role != .dim) }
    var short: StyledText { StyledText(sign, style) }
    var long: StyledText { StyledText(age + sign + tries, style) }
  }

  private func mark(of own: OwnMessage) -> Mark {
    switch own.state {
    case .buffered:
      var mark = Mark(sign: signs.queued, role: .warning)
      let waited = clock.wallMilliseconds.subtractingReportingOverflow(own.milliseconds)
      if !waited.overflow, waited.partialValue >= 5_000 {
        mark.age = NumberText.age(.milliseconds(waited.partialValue / 1_000 * 1_000)) + " "
      }
      return mark
    case .stored: return Mark(sign: signs.stored, role: .dim)
    case .failed: return Mark(sign: signs.failed, role: .bad)
    case .withdrawn: return Mark(sign: signs.failed, role: .dim)
    case .sent:
      var mark = Mark(sign: signs.sent, role: .accent)
      guard let ack = acks[sequence: own.sequence] else { return mark }
      let age = ack.sentAt.duration(to: clock.now)
      if age >= .seconds(2) { mark.role = .warning }
      if age >= .seconds(5) { mark.age = NumberText.age(age) + " " }
      if ack.tries > 1 { mark.tries = "\(ack.tries)" }
      return mark
    }
  }

  private func said(
    _ line: ChatTimeline.Line, by nick: Nick, _ text: String, answer: [Glyph] = [],
    isDim: Bool = false, mark: Mark? = nil
  ) -> [StyledText] {
    var style = CellStyle(isDim ? .dim : nick == timeline.nick ? .ownText : .plain)
    if line.isMention { style = CellStyle(.plain, bold: true) }
    let nickRole: CellStyle.Role = line.isMention ? .mention : NickColour.role(of: nick)
    var head = isTabular ? time(line) : StyledText()
    if isTabular {
      let name = StyledText(nick.text, nickRole).truncated(
        to: nickColumns, ellipsis: signs.ellipsis)
      head.pad(to: 5 + 1 + nickColumns - name.width)
      head.append(name)
      head.pad(to: textColumn)
    } else {
      head.append("<", .dim)
      head.append(
        StyledText(nick.text, nickRole).truncated(
          to: max(1, min(16, columns - 3)), ellipsis: signs.ellipsis))
      head.append("> ", .dim)
    }
    var paragraphs = answer.isEmpty ? [] : [Paragraph(glyphs: answer, style: CellStyle(.dim))]
    paragraphs += self.paragraphs(of: text, line, style)
    let rows = layOut(head, paragraphs).map(underlined)
    return finish(rows, mark, isRightToLeft: Self.isRightToLeft(text))
  }

  /// A line of a message.
  private struct Paragraph {
    var glyphs: [Glyph]
    var style: CellStyle
    /// A link that is longer than a row: it stands flush left without an indent, so that a terminal joins its rows again.
    var isLongLink = false
  }

  /// The lines of a text. Behind each link stands its number; one that is longer than a row has rows of its own.
  private func paragraphs(
    of text: String, _ line: ChatTimeline.Line, _ style: CellStyle
  ) -> [Paragraph] {
    guard line.firstLink > 0 else {
      return Sanitizer.lines(of: text).map { Paragraph(glyphs: $0, style: style) }
    }
    var paragraphs: [Paragraph] = []
    var rest = text.startIndex
    var open = ""
    func flush() {
      guard !open.allSatisfy({ $0 == " " }) else { return }
      paragraphs += Sanitizer.lines(of: open).map { Paragraph(glyphs: $0, style: style) }
    }
    for (index, range) in WebLinks.ranges(in: text).enumerated() {
      open += text[rest..<range.lowerBound]
      rest = range.upperBound
      let number = " [\(line.firstLink + index)]"
      let glyphs = Sanitizer.glyphs(of: String(text[range]))
      if isTabular, glyphs.width > textColumns {
        flush()
        paragraphs.append(Paragraph(glyphs: glyphs, style: style, isLongLink: true))
        open = String(number.dropFirst())
      } else {
        open += text[range] + number
      }
    }
    open += text[rest...]
    flush()
    return paragraphs
  }

  /// The first line follows the head; every other row is indented.
  private func layOut(_ head: StyledText, _ paragraphs: [Paragraph]) -> [StyledText] {
    var rows: [StyledText] = []
    for paragraph in paragraphs {
      guard !paragraph.isLongLink else {
        if rows.isEmpty { rows.append(head) }
        rows += paragraph.glyphs.chunked(to: columns).map { StyledText($0, paragraph.style) }
        continue
      }
      guard rows.isEmpty, !isTabular else {
        for part in paragraph.glyphs.wrapped(to: textColumns) {
          rows.append((rows.isEmpty ? head : indent) + StyledText(part, paragraph.style))
        }
        continue
      }
      // The head is laid out with the text, so that the text goes on right behind it.
      for part in (head.glyphs + paragraph.glyphs).wrapped(to: max(1, columns - 1)) {
        var row = rows.isEmpty ? StyledText() : indent
        for index in part.indices {
          row.append(
            part[index], index < head.glyphs.count ? head.styles[index] : paragraph.style)
        }
        rows.append(row)
      }
    }
    return rows
  }

  /// Underlines what is looked for.
  private func underlined(_ row: StyledText) -> StyledText {
    guard !highlight.isEmpty else { return row }
    let wanted = Sanitizer.glyphs(of: highlight, limit: 200).map { $0.text.lowercased() }
    guard !wanted.isEmpty, row.glyphs.count >= wanted.count else { return row }
    let texts = row.glyphs.map { $0.text.lowercased() }
    var result = row
    for start in 0...(texts.count - wanted.count)
    where texts[start..<(start + wanted.count)].elementsEqual(wanted) {
      result.restyle(start..<(start + wanted.count)) {
        $0.underline = true
        $0.bold = true
      }
    }
    return result
  }

  /// Puts the state on the last row: at the right edge, or in front of a text that is written from right to left.
  private func finish(
    _ rows: [StyledText], _ mark: Mark?, isRightToLeft: Bool
  ) -> [StyledText] {
    guard let mark, let first = rows.first, let last = rows.last else { return rows }
    let state = last.width + 1 + mark.long.width > columns ? mark.short : mark.long
    var rows = rows
    if !isTabular {
      if last.width + 1 + state.width > columns {
        rows.append(indent + state)
      } else {
        rows[rows.count - 1] = last + StyledText(" ") + state
      }
    } else if isRightToLeft {
      rows[0] = first.replacing(column: textColumn - 2, with: mark.short)
    } else {
      rows[rows.count - 1] = last.justified(with: state, columns: columns)
    }
    return rows
  }

  private static func isRightToLeft(_ text: String) -> Bool {
    text.unicodeScalars.prefix(8_192).contains {
      switch $0.value {
      case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFC, 0x10800...0x10FFF, 0x1E800...0x1EFFF:
        true
      default: false
      }
    }
  }

  // MARK: What happens

  private func event(
    _ line: ChatTimeline.Line, _ mark: String, _ text: String, _ role: CellStyle.Role
  ) -> [StyledText] {
    var head = isTabular ? time(line) : StyledText()
    head.pad(to: isTabular ? textColumn - 2 - mark.count : 0)
    head.append(mark + (isTabular ? "  " : " "), role)
    let glyphs = Sanitizer.glyphs(of: text, limit: 2_048)
    return layOut(head, [Paragraph(glyphs: glyphs, style: CellStyle(role))])
  }

  private func words(of presence: ChatTimeline.Presence) -> String {
    var words: [String] = []
    for change in presence.changes {
      words.append("\(change.nick) \(change.arrived ? "joined" : "left")")
    }
    if presence.more > 0 { words.append("and \(presence.more) more") }
    return words.joined(separator: ", ")
  }

  private func time(_ line: ChatTimeline.Line) -> StyledText {
    StyledText(NumberText.clock(line.milliseconds, clock.utcOffsetSeconds), .dim)
  }

  private var indent: StyledText {
    var indent = StyledText()
    indent.pad(to: textColumn)
    return indent
  }

  /// The line between a view that is scrolled up and the newest lines under it.
  func belowRule(_ sentence: String) -> StyledText { rule(sentence, signs.horizontal, .accent) }

  /// A sentence in the middle of a line across the chat.
  private func rule(_ text: String, _ sign: String, _ role: CellStyle.Role) -> StyledText {
    let middle = StyledText(" \(text) ", role).truncated(to: columns)
    let left = (columns - middle.width) / 2
    var row = StyledText(String(repeating: sign, count: left), role)
    row.append(middle)
    row.append(String(repeating: sign, count: max(0, columns - row.width)), role)
    return row
  }
}

extension StyledText {
  /// The same with one cell replaced; nothing happens where a wide glyph stands.
  func replacing(column: Int, with text: StyledText) -> StyledText {
    var result = StyledText()
    for (glyph, style) in zip(glyphs, styles) {
      if result.width == column, glyph.width == text.width {
        result.append(text)
      } else {
        result.append(StyledText([Glyph(text: glyph.text, width: glyph.width)], style))
      }
    }
    return result
  }
}

import HookupCore

/// The window as lines of plain text: for copying, and for a file.
extension ChatScreen {
  /// Lines of the window that are exported at most, the newest ones.
  static let maximumExported = 100_000

  /// What is in view, each message in one line however long it is.
  func plainLines(at clock: ScreenClock) -> [String] {
    let layout = self.layout
    let pane = timelinePane(layout, at: clock)
    return pane.numbers(rows: viewRows(layout), scroll: window.scroll).compactMap {
      plain($0, clock.utcOffsetSeconds, withDate: false)
    }
  }

  func exportedLines() -> [String] {
    window.timeline.numbers.suffix(Self.maximumExported).compactMap {
      plain($0, 0, withDate: true)
    }
  }

  private func plain(_ number: UInt64, _ offset: Int, withDate: Bool) -> String? {
    let timeline = window.timeline
    guard let line = timeline[number: number] else { return nil }
    let time =
      withDate
      ? ISO8601Time.text(milliseconds: line.milliseconds)
      : NumberText.clock(line.milliseconds, offset)
    let text: String
    switch line.content {
    case .entry(let entry) where entry.kind.isSpeech:
      guard !ignored.contains(entry.from.folded) else { return nil }
      text =
        entry.kind == .me ? "* \(entry.from) \(entry.text)" : "<\(entry.from)> \(entry.text)"
    case .entry(let entry): text = "--- \(entry.sentence)"
    case .own(let own):
      let state: String
      switch own.state {
      case .stored: state = ""
      case .buffered: state = " (queued)"
      case .sent: state = " (sent)"
      case .failed(let reason): state = " (failed: \(reason))"
      case .withdrawn: state = " (taken back)"
      }
      text = "<\(timeline.nick)> \(own.text)\(state)"
    case .gap(let from, let to): text = "--- \(from)-\(to) are missing"
    case .notice, .failure, .link: text = "--- \(line.text)"
    case .presence: return nil
    }
    // A line end in a message must not look like the end of it.
    let lines = text.split(whereSeparator: \.isNewline).map {
      Sanitizer.clean(String($0), limit: 16_384)
    }
    return time + " " + lines.joined(separator: "\n      ")
  }
}

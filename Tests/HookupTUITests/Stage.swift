import HookupCore

@testable import HookupTUI

/// A screen with a clock of its own, and the events of a chat in few words.
struct Stage {
  /// 2026-11-23T12:00:00Z.
  static let noon: Int64 = 1_795_435_200_000

  var screen: ChatScreen
  var seconds: Double = 1000
  var effects: [ScreenEffect] = []
  private var lastOffset: [RoomName: UInt64] = [:]
  private var sequence: UInt64 = 811

  let me: Nick
  let ops: RoomName

  init(columns: Int = 80, rows: Int = 24, unicode: Bool = true) throws {
    var options = ScreenOptions()
    options.unicode = unicode
    me = try Nick("alice")
    ops = try RoomName("ops")
    screen = ChatScreen(
      nick: me, rooms: [ops], server: "wss://chat.example/", options: options)
    resize(columns, rows)
  }

  var clock: ScreenClock {
    ScreenClock(
      now: MonotonicInstant(nanoseconds: Int64(seconds * 1e9)),
      wallMilliseconds: Self.noon + Int64((seconds - 1000) * 1000))
  }

  mutating func feed(_ event: ScreenEvent) { effects = screen.update(event, at: clock) }
  mutating func resize(_ columns: Int, _ rows: Int) {
    feed(.resized(columns: columns, rows: rows))
  }
  mutating func press(_ keys: Key...) { for key in keys { feed(.key(key)) } }
  mutating func type(_ text: String) { for sign in text { press(.character(sign)) } }

  mutating func say(_ nick: String, _ text: String, room: RoomName? = nil) throws {
    let room = room ?? ops
    let offset = (lastOffset[room] ?? 0) + 1
    lastOffset[room] = offset
    feed(
      .chat(
        .entry(
          RoomEntry(
            room: room, offset: offset, id: try MessageID("e\(offset)"), from: try Nick(nick),
            milliseconds: clock.wallMilliseconds, text: text))))
  }

  /// A message of our own; its sequence comes back.
  @discardableResult
  mutating func own(_ text: String, _ state: DeliveryState, room: RoomName? = nil) throws -> UInt64
  {
    sequence += 1
    try own(sequence, text, state, room: room)
    return sequence
  }

  mutating func own(
    _ sequence: UInt64, _ text: String, _ state: DeliveryState, room: RoomName? = nil
  ) throws {
    feed(
      .chat(
        .own(
          OwnMessage(
            id: try MessageID("m\(sequence)"), sequence: sequence, room: room ?? ops, text: text,
            milliseconds: clock.wallMilliseconds, state: state))))
  }

  mutating func link(_ state: LinkStatus.State, _ change: (inout LinkStatus) -> Void = { _ in }) {
    var link = screen.connection.link
    link.state = state
    change(&link)
    feed(.link(link))
  }

  /// Connected for 862 s, with some round trips measured.
  mutating func goOnline() throws {
    link(.connecting) { $0.attempt = 1 }
    let start = clock.now
    seconds -= 90
    for (index, milliseconds) in [38, 40, 44, 39, 41, 61, 40, 38, 55, 42].enumerated() {
      if index > 0 { seconds += 10 }
      link(.online) {
        $0.attempt = 0
        $0.roundTrip = .milliseconds(milliseconds)
        $0.connectedSince = MonotonicInstant(nanoseconds: start.nanoseconds - 862_000_000_000)
      }
    }
    feed(
      .chat(
        .joined(
          RoomSnapshot(
            room: ops, topic: "deploy freeze until 14:00",
            members: try ["alice", "bob", "carol"].map { try Nick($0) }, last: 0))))
  }

  mutating func pending(_ acks: [(sequence: UInt64, age: Double, tries: Int)]) {
    let now = clock.now
    feed(
      .pending(
        acks.map { ack in
          let sent = MonotonicInstant(nanoseconds: now.nanoseconds - Int64(ack.age * 1e9))
          return PendingAck(
            sequence: ack.sequence, sentAt: sent, deadline: sent + .seconds(5), tries: ack.tries,
            bytes: 41)
        }))
  }

  mutating func backlog(_ messages: Int, _ bytes: Int, drained: Int = 0, of total: Int = 0) {
    var status = BacklogStatus()
    status.messages = messages
    status.bytes = bytes
    status.maximumMessages = 100_000
    status.maximumBytes = 64_000_000
    status.fileBytes = messages == 0 ? 4096 : 14_200
    status.drained = drained
    status.drainTotal = total
    feed(.backlog(status))
  }

  func render() -> ScreenBuffer { screen.render(at: clock) }

  /// The picture: every row between bars, and where the cursor is.
  func picture() -> String { render().picture }
}

extension ScreenBuffer {
  var picture: String {
    var lines = (0..<rows).map { row in "|" + self[row: row].map(\.text).joined() + "|" }
    if let cursor { lines.append("cursor \(cursor.row),\(cursor.column)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A letter for each cell's style: of its role, upper case where it is bold; `_` under a bar's plain cells. Behind the row
  /// stand the columns that are underlined or in reverse.
  var stylePicture: String {
    var lines: [String] = []
    for row in 0..<rows {
      var letters = ""
      var marks: [String] = []
      for (column, cell) in self[row: row].enumerated() where cell.width > 0 {
        let letter = Self.letter(of: cell.style)
        letters += String(
          repeating: cell.style.bold ? letter.uppercased() : letter, count: Int(cell.width))
        if cell.style.reverse { marks.append("r\(column)") }
        if cell.style.underline { marks.append("u\(column)") }
      }
      lines.append("|\(letters)|\(marks.isEmpty ? "" : " " + marks.joined(separator: " "))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func letter(of style: CellStyle) -> String {
    switch style.role {
    case .plain: style.isBar ? "_" : " "
    case .dim: "d"
    case .border: "b"
    case .title: "t"
    case .good: "g"
    case .warning: "w"
    case .bad: "x"
    case .accent: "a"
    case .ownText: "o"
    case .notice: "n"
    case .mention: "m"
    default: String(style.role.rawValue - CellStyle.Role.nick0.rawValue, radix: 36)
    }
  }

  /// What is wrong with the grid, as a sentence; nil when nothing is.
  var fault: String? {
    guard cells.count == columns * rows else { return "\(cells.count) cells" }
    for row in 0..<rows {
      if self[row: row].reduce(0, { $0 + Int($1.width) }) != columns {
        return "row \(row) is not \(columns) cells wide"
      }
      for (column, cell) in self[row: row].enumerated() {
        if let fault = fault(of: cell, row, column) { return fault }
      }
    }
    if let cursor, !(0..<rows).contains(cursor.row) || !(0..<columns).contains(cursor.column) {
      return "cursor at \(cursor)"
    }
    return nil
  }

  private func fault(of cell: Cell, _ row: Int, _ column: Int) -> String? {
    let place = "cell \(row),\(column) \(cell.text.debugDescription)"
    let scalars = Array(cell.text.unicodeScalars)
    switch cell.width {
    case 0:
      if !scalars.isEmpty || column == 0 || cells[row * columns + column - 1].width != 2 {
        return "\(place): half of nothing"
      }
    case 1, 2:
      guard let base = scalars.first, scalars.count <= 5 else {
        return "\(place): \(scalars.count)"
      }
      if TextWidth.width(of: base) != Int(cell.width) { return "\(place): wrong width" }
      if scalars.dropFirst().contains(where: { !TextWidth.isMark($0) }) {
        return "\(place): more than one sign"
      }
      if cell.width == 2,
        column + 1 >= columns || cells[row * columns + column + 1].width != 0
      {
        return "\(place): cut in half"
      }
    default: return "\(place): width \(cell.width)"
    }
    for scalar in scalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
        .unassigned:
        return "\(place): U+\(String(scalar.value, radix: 16)) on the screen"
      default: break
      }
    }
    return nil
  }
}

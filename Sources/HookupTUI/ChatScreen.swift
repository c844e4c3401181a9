import HookupCore

/// The chat client's whole screen as a value: events in, effects out, and a picture on demand.
///
/// The shell feeds every ``ScreenEvent`` to ``update(_:at:)``, carries out the effects in order, then paints
/// ``render(at:)``; it waits for the next event or for ``nextTick(at:)``, whichever is first.
public struct ChatScreen: Sendable {
  /// What covers the chat.
  enum Page: Hashable, Sendable {
    /// Keys and commands, from this row on.
    case help(top: Int)
    /// The side panes, this one first: on screens without room for them, and by command.
    case pane(Pane)
    case list(ListPage)
    /// Signs and colours, to see whether the terminal shows them as they are meant.
    case check
    /// The names of the keys that are pressed, the newest last.
    case keys([String])
  }

  /// UTF-8 bytes of what is being written; more is refused.
  public static let maximumDraftBytes = LineEditor.maximumBytes
  /// Rooms and conversations at most; strangers open conversations too.
  static let maximumWindows = 200
  /// Cells in each direction at most.
  static let maximumCells = 2_000

  let options: ScreenOptions
  let signs: Signs
  var nick: Nick
  var columns = 80
  var rows = 24

  /// The status window is the first.
  var windows: [ChatWindow]
  var current = 0
  var previous = 0

  var editor = LineEditor()
  var completion: Completion?
  /// Set while a password is written: nothing of it is shown or remembered.
  var secret: SecretPrompt?
  /// A sentence in the status line until the next key.
  var hint: String?
  var page: Page?
  var mode = Mode.write
  var hiddenPanes: Set<Pane> = []
  /// ^C was pressed on an empty input: once more quits.
  var asksToQuit = false
  var isFocused = true

  var connection = ConnectionPane()
  var acks = AcksPane()
  var backlog = BacklogPane()
  /// When a connection that was up was lost; nil while up and before the first.
  var lostAt: MonotonicInstant?

  /// Whose messages are not shown, in this run.
  var ignored: Set<String> = []
  var aliases = Aliases()
  /// Who is away, among those who are here.
  var away: Set<Nick> = []
  /// Who named us lately, the newest first.
  var named: [ListPage.Item] = []
  /// What the answer that is awaited was searched for.
  var searched: String?
  var rings: Bool
  var hasMouse: Bool
  var typingToldAt: MonotonicInstant?
  var readToldAt: MonotonicInstant?

  /// Nicks that are ignored, and that are known to be away.
  static let maximumNicks = 2_000

  /// Rooms the person asked for, to be shown when they are joined.
  var wanted: Set<RoomName> = []
  /// Rooms that were left: what still arrives of them opens no window.
  var leaving: Set<RoomName> = []
  /// Rooms whose member list the person asked to read.
  var askedNames: Set<RoomName> = []

  /// - Parameters:
  ///   - nick: the person at the terminal.
  ///   - rooms: opened at once, so that one can read and write from the first frame; the first is shown.
  ///   - server: the server as it is shown: its URL.
  public init(
    nick: Nick, rooms: [RoomName] = [], server: String = "",
    options: ScreenOptions = ScreenOptions()
  ) {
    self.nick = nick
    self.options = options
    signs = options.unicode ? .unicode : .ascii
    rings = options.bell
    hasMouse = options.mouse
    hiddenPanes = Set(options.hiddenPanes.compactMap(Pane.init(word:)))
    windows = [ChatWindow(room: nil, nick: nick)]
    connection.server = Sanitizer.clean(server, limit: 200)
    for room in rooms { _ = open(room) }
    current = min(1, windows.count - 1)
    windows[current].timeline.watch(true)
  }

  /// Takes one event and returns what the shell is to do because of it, in order.
  public mutating func update(_ event: ScreenEvent, at clock: ScreenClock) -> [ScreenEffect] {
    take(event, at: clock) + tellRead(at: clock)
  }

  private mutating func take(_ event: ScreenEvent, at clock: ScreenClock) -> [ScreenEffect] {
    switch event {
    case .key(let key): return press(key, at: clock)
    case .chat(let update): return apply(update, at: clock)
    case .restored(let saved): restore(saved)
    case .edited(let text):
      if let text { edited(text) }
    case .link(let link):
      apply(link, at: clock)
    case .pending(let pending):
      acks.update(pending)
    case .backlog(let status):
      backlog.update(status, now: clock.now)
    case .server(let server):
      connection.server = Sanitizer.clean(server, limit: 200)
    case .resized(let columns, let rows):
      self.columns = min(max(0, columns), Self.maximumCells)
      self.rows = min(max(0, rows), Self.maximumCells)
    case .tick: break
    }
    return []
  }

  /// When something on the screen changes by the passing of time alone: countdowns and ages at most ten times a
  /// second, the uptime once a second, the clock once a minute.
  public func nextTick(at clock: ScreenClock) -> MonotonicInstant? {
    var next = clock.now + .milliseconds(60_000 - Self.remainder(clock.wallMilliseconds, 60_000))
    if let retry = connection.nextCountdown(after: clock.now) { next = min(next, retry) }
    if let due = readTellDue { next = min(next, max(due, clock.now + .milliseconds(1))) }
    for typist in window.typists where typist.until > clock.now { next = min(next, typist.until) }
    let showsPanes = !shownSidePanes.isEmpty || page != nil
    if showsPanes { next = min(next, connection.nextChange(after: clock.now)) }
    if backlog.status.messages > acks.pending.count || (showsPanes && acks.isBusy(now: clock.now)) {
      next = min(next, Self.step(after: clock.now, .seconds(1)))
    }
    if !acks.pending.isEmpty {
      let quick = showsPanes && acks.isQuick(now: clock.now)
      next = min(next, Self.step(after: clock.now, quick ? .milliseconds(100) : .seconds(1)))
    }
    if connection.link.state == .stalled {
      next = min(next, Self.step(after: clock.now, .milliseconds(100)))
    }
    if showsPanes, ConnectionPane.isUp(connection.link.state),
      let since = connection.link.connectedSince
    {
      next = min(
        next, since + .seconds(1 + max(0, since.duration(to: clock.now).components.seconds)))
    }
    return next
  }

  /// The next whole multiple of `unit` on the clock, so that all numbers change together.
  private static func step(after now: MonotonicInstant, _ unit: Duration) -> MonotonicInstant {
    let nanoseconds = unit.wholeNanoseconds
    return now + .nanoseconds(nanoseconds - remainder(now.nanoseconds, nanoseconds))
  }

  /// 0..<by, for negative values as well.
  private static func remainder(_ value: Int64, _ by: Int64) -> Int64 {
    let rest = value % by
    return rest < 0 ? rest + by : rest
  }
}

extension ConnectionPane {
  /// When the number in the headline changes next, while it counts down to an attempt.
  func nextCountdown(after now: MonotonicInstant) -> MonotonicInstant? {
    guard link.state == .retrying, let retryAt = link.retryAt, retryAt > now else { return nil }
    let left = now.duration(to: retryAt).wholeNanoseconds
    let unit: Int64 = left <= 10_000_000_000 ? 100_000_000 : 1_000_000_000
    // Shown rounded up: it changes when what is left falls to the next lower multiple.
    return retryAt + .nanoseconds(-((left - 1) / unit) * unit)
  }
}

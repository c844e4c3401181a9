import HookupCore

/// What time it is, in both senses: what a screen needs to show ages and clock times. The shell reads the clocks.
public struct ScreenClock: Hashable, Sendable {
  /// For ages, countdowns and uptimes.
  public var now: MonotonicInstant
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public var wallMilliseconds: Int64
  /// What is added to UTC for the times shown, seconds; east is positive.
  public var utcOffsetSeconds: Int

  public init(now: MonotonicInstant, wallMilliseconds: Int64, utcOffsetSeconds: Int = 0) {
    self.now = now
    self.wallMilliseconds = wallMilliseconds
    self.utcOffsetSeconds = utcOffsetSeconds
  }
}

/// What happened, as ``ChatScreen/update(_:at:)`` takes it.
public enum ScreenEvent: Hashable, Sendable {
  case key(Key)
  case chat(ChatUpdate)
  /// The newest state of the connection; earlier ones may have been skipped.
  case link(LinkStatus)
  /// All messages in flight, oldest first; earlier lists may have been skipped.
  case pending([PendingAck])
  case backlog(BacklogStatus)
  /// The server as it is shown: its URL.
  case server(String)
  /// The terminal's size in cells. Any size is served.
  case resized(columns: Int, rows: Int)
  /// The instant of ``ChatScreen/nextTick(at:)`` has come.
  case tick
}

/// What the shell is to do: the orders that ``ChatScreen/update(_:at:)`` returns, in order.
public enum ScreenEffect: Hashable, Sendable {
  /// Say `text` in the room (or to a person: `@bob`). The shell answers with ``ChatUpdate/own(_:)``.
  case say(RoomName, String)
  /// Join a room, or open the conversation with a person (`@bob`).
  case join(RoomName)
  case part(RoomName)
  case setTopic(RoomName, String)
  /// Say `text` about an entry, or otherwise than `said`. Answered like ``say(_:_:)``.
  case speak(RoomName, RoomAct)
  /// Do something in a room. What comes of it comes as an entry, or as ``ChatUpdate/refused(code:message:room:)``.
  case act(RoomName, RoomAct)
  /// Ask the server something.
  case ask(ChatCommand)
  /// Log in with a password.
  case logIn(password: String)
  /// Answered with ``ChatUpdate/members(_:_:)``.
  case requestMembers(RoomName)
  /// Answered with ``ChatUpdate/notice(_:)``.
  case requestRooms
  /// Do not wait for the next attempt: try now. When connected, start over.
  case reconnect
  /// False: close the connection and stay away until told otherwise.
  case setOnline(Bool)
  case bell
  /// Forget what the terminal is thought to show and paint it whole.
  case redraw
  /// Give the terminal back and stop, as ^Z does.
  case suspend
  case quit
}

/// Choices of the person at the terminal that hold for a run.
public struct ScreenOptions: Hashable, Sendable {
  /// Whether lines, bars and marks use Unicode signs of East Asian ambiguous width; default true. False (ASCII) is for
  /// fonts and locales that lack them or draw them two cells wide.
  public var unicode = true
  /// Whether a mention or a direct message rings the terminal's bell; default true.
  public var bell = true
  /// What this device is called in the list of an account's devices.
  public var device = ""

  public init() {}
}

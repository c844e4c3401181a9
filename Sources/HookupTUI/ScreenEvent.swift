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
  /// What an earlier run left. Comes before everything else, if at all.
  case restored(SavedScreen)
  /// The text as it came back from the editor; nil when nothing is to change. The answer to ``ScreenEffect/edit(_:)``.
  case edited(String?)
}

/// What a run of the program leaves to the next one: ``ChatScreen/saved``. The log of the rooms is kept elsewhere.
public struct SavedScreen: Hashable, Sendable {
  public struct Window: Hashable, Sendable {
    public var room: RoomName
    /// What was being written.
    public var draft: String
    /// Clusters in front of the cursor.
    public var cursor: Int
    /// The offset up to which the person has read; nil when that is not known.
    public var read: UInt64?

    public init(room: RoomName, draft: String = "", cursor: Int = 0, read: UInt64? = nil) {
      self.room = room
      self.draft = draft
      self.cursor = cursor
      self.read = read
    }
  }

  /// The rooms in the order of their windows; at most ``ChatScreen/maximumWindows``.
  public var windows: [Window]
  /// The room that was shown; nil for the status window.
  public var current: RoomName?
  /// Lines that were sent, oldest first; at most ``LineEditor/maximumHistory``.
  public var lines: [String]
  /// Nicks that are ignored, in lower case.
  public var ignored: [String] = []
  /// What a person's own commands stand for, by their names.
  public var aliases: [String: String] = [:]

  public init(windows: [Window] = [], current: RoomName? = nil, lines: [String] = []) {
    self.windows = windows
    self.current = current
    self.lines = lines
  }
}

/// Something a person should hear of who looks elsewhere. From the network, sanitised.
public struct ScreenNotification: Hashable, Sendable {
  public var room: RoomName
  public var from: Nick
  public var text: String
  /// False for a message of a conversation that does not name us.
  public var isMention: Bool

  public init(room: RoomName, from: Nick, text: String, isMention: Bool) {
    self.room = room
    self.from = from
    self.text = text
    self.isMention = isMention
  }
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
  /// Take a message back that waits in the outbox. Comes back as ``DeliveryState/withdrawn``, or as a notice why not.
  case withdraw(MessageID)
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
  /// The reader has come near the oldest line in view: fetch entries before this offset. Answered with
  /// ``ChatUpdate/page(_:)``; not asked again before that.
  case fetchHistory(RoomName, before: UInt64)
  /// The person has read the room up to this offset.
  case read(RoomName, offset: UInt64)
  /// Tell the person as they have chosen to be told, besides the bell.
  case notify(ScreenNotification)
  /// Open `$EDITOR` on this text. Answered with ``ScreenEvent/edited(_:)``.
  case edit(String)
  /// Whether the mouse is the program's (wheel, clicks) or the terminal's (selecting).
  case setMouse(Bool)
  /// Paint in the colours of the theme of that name. What is wrong with it comes as ``ChatUpdate/notice(_:)``.
  case setTheme(String)
  /// Show these lines without a frame until a key is pressed, for copying and for the terminal's own links.
  case showPlain([String])
  /// Write these lines into a file of this name in the working directory, never over an existing one. Answered with
  /// ``ChatUpdate/notice(_:)``.
  case export(name: String, lines: [String])
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
  /// Whether others are told that this person is writing; default true.
  public var tellsTyping = true
  /// Whether wheel and clicks reach the program from the start; default false, because the terminal then no longer selects
  /// text by itself.
  public var mouse = false
  /// Side panes that are hidden at the start, by ``paneWords``.
  public var hiddenPanes: [String] = []
  /// The panes as `/panes` names them.
  public static let paneWords = Pane.allCases.map(\.word)

  public init() {}
}

import HookupCore

/// One window of the chat: a room, a conversation, or the status window that is always there.
struct ChatWindow: Sendable {
  /// Where the view stands when it does not follow the newest line.
  struct Scroll: Hashable, Sendable {
    /// The lowest line that is shown, and how many of its rows are below the edge.
    var line: UInt64
    var hidden: Int
  }

  struct Typist: Hashable, Sendable {
    var nick: Nick
    /// Nothing was heard of it for so long that it counts as over then.
    var until: MonotonicInstant
  }

  struct CatchUp: Hashable, Sendable {
    /// The offsets behind which it began, and with which it ends.
    var from: UInt64
    var to: UInt64
    var since: MonotonicInstant
  }

  /// Nil for the status window.
  let room: RoomName?
  var timeline: ChatTimeline
  /// Sanitised.
  var topic = ""
  /// In the order of the alphabet, without doubles; at most ``maximumMembers``.
  private(set) var members: [Nick] = []
  var draft = LineEditor.Draft()
  var scroll: Scroll?
  /// Older entries were asked for, and the answer has not come.
  var isFetching = false
  /// Why older entries cannot be had for now, sanitised.
  var problem: String?
  /// The offset that is to be shown as soon as it is here.
  var seek: UInt64?
  /// What was said while we were away and is being fetched.
  var catchUp: CatchUp?
  /// Up to which offset the server knows that this person has read.
  var toldRead: UInt64 = 0
  /// The number behind the last line that ``ChatScreen/takeLines()`` gave out.
  var taken = ChatTimeline.origin
  /// Who is writing.
  private(set) var typists: [Typist] = []
  /// Cells of the longest nick that spoke, 5...12: the column only grows, so that nothing jumps.
  private(set) var nickColumns = 5
  /// Who spoke last, newest first: whom a completion means.
  private(set) var speakers: [Nick] = []

  /// The rest of a larger room is not listed; nobody reads that list.
  static let maximumMembers = 2_000
  private static let maximumSpeakers = 20
  private static let maximumTypists = 3
  /// How long somebody counts as writing after the server said so.
  static let typingLasts = Duration.seconds(6)

  init(room: RoomName?, nick: Nick) {
    self.room = room
    timeline = ChatTimeline(nick: nick)
    noteNick(nick)
  }

  var label: String { room?.label ?? "status" }

  mutating func setMembers(_ nicks: [Nick]) {
    members = Array(Set(nicks).sorted { $0.text < $1.text }.prefix(Self.maximumMembers))
  }

  mutating func arrive(_ nick: Nick) {
    let index = place(of: nick)
    guard members.count < Self.maximumMembers, index == members.count || members[index] != nick
    else { return }
    members.insert(nick, at: index)
  }

  mutating func leave(_ nick: Nick) {
    let index = place(of: nick)
    if index < members.count, members[index] == nick { members.remove(at: index) }
  }

  mutating func noteTypist(_ nick: Nick, at now: MonotonicInstant) {
    typists.removeAll { $0.nick == nick || $0.until <= now }
    guard typists.count < Self.maximumTypists else { return }
    typists.append(Typist(nick: nick, until: now + Self.typingLasts))
  }

  /// Who is still writing, in few words; nil when nobody is.
  func typingSentence(at now: MonotonicInstant) -> String? {
    let names = typists.filter { $0.until > now }.map(\.nick.text)
    guard !names.isEmpty else { return nil }
    return names.joined(separator: ", ") + (names.count == 1 ? " is" : " are") + " typing"
  }

  mutating func noteSpeaker(_ nick: Nick) {
    noteNick(nick)
    typists.removeAll { $0.nick == nick }
    if speakers.first == nick { return }
    speakers.removeAll { $0 == nick }
    speakers.insert(nick, at: 0)
    if speakers.count > Self.maximumSpeakers { speakers.removeLast() }
  }

  /// Nicks for completion, the likeliest first, without our own.
  func completions(me: Nick) -> [String] {
    let recent = Set(speakers)
    return (speakers + members.filter { !recent.contains($0) }).filter { $0 != me }.map(\.text)
  }

  /// Lets the column be wide enough for a nick.
  mutating func noteNick(_ nick: Nick) {
    nickColumns = min(12, max(nickColumns, StyledText(nick.text).width))
  }

  /// Where the nick is or would be.
  private func place(of nick: Nick) -> Int {
    var (low, high) = (0, members.count)
    while low < high {
      let middle = (low + high) / 2
      if members[middle].text < nick.text { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

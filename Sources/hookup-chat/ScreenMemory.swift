import HookupCore
import HookupEngine
import HookupSQLite
import HookupTUI

/// What a run of the screen has from the runs before, and leaves to those after it: the rooms' history, the windows, the
/// drafts.
struct ScreenMemory: Sendable {
  /// How the screen begins.
  struct Beginning: Sendable {
    /// Rooms that are opened whatever the last run left.
    var opened: [RoomName]
    /// What the screen takes before its first frame.
    var events: [ScreenEvent] = []
    /// Rooms to be joined in this order, each from its offset; nil: from where the client holds it.
    var joins: [(room: RoomName, since: UInt64?)] = []
  }

  /// How long the first frame may wait for the history. It is there within a few milliseconds, or the disk is slow, and it
  /// comes into the picture later.
  private let patience: Duration
  /// Entries of the room that is shown first. About ten screens.
  private static let firstPage = 200

  let history: LocalHistory
  let file: ScreenFile
  /// Sentences about what is not kept.
  let problems: AsyncStream<String>
  private let tell: AsyncStream<String>.Continuation

  /// Opens nothing yet.
  init(
    directory: String, nick: Nick, limits: LocalHistory.Limits = .init(),
    patience: Duration = .milliseconds(25)
  ) {
    self.patience = patience
    let (problems, tell) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(16))
    self.problems = problems
    self.tell = tell
    history = LocalHistory(directory: directory, nick: nick, limits: limits) { tell.yield($0) }
    file = ScreenFile(directory: directory, nick: nick)
  }

  /// - Parameter asked: the room of the command line, which wins over the one that was shown last.
  func beginning(at asked: RoomName?) async -> Beginning {
    let saved = file.load { tell.yield($0) } ?? SavedScreen()
    let rooms = saved.windows.map(\.room)
    var beginning = Beginning(opened: asked.map { [$0] } ?? (rooms.isEmpty ? [.lobby] : []))
    beginning.events = [.restored(saved)]
    let shown = asked ?? (rooms.isEmpty ? .lobby : saved.current)
    var since: UInt64?
    if let shown, let kept = await firstPage(of: shown) {
      since = kept.since
      beginning.events.append(
        .chat(
          .page(
            ChatPage(
              room: shown, entries: kept.entries, isComplete: kept.entries.first?.offset == 1))))
    }
    // The room that is shown first comes first.
    if let shown { beginning.joins.append((shown, since)) }
    for room in rooms where room != shown { beginning.joins.append((room, nil)) }
    return beginning
  }

  /// The newest entries that are kept of a room, and where it goes on; nil when there are none, or not soon.
  private func firstPage(of room: RoomName) async -> (entries: [RoomEntry], since: UInt64)? {
    typealias Page = (entries: [RoomEntry], since: UInt64)
    let (answers, answer) = AsyncStream<Page?>.makeStream()
    let reading = Task { [history] in
      let since = await history.held().rooms[room]
      let entries = await history.page(of: room, before: nil, limit: Self.firstPage)
      answer.yield(entries.isEmpty ? nil : since.map { (entries, $0) })
    }
    let waiting = Task { [patience] in
      try? await Task.sleep(for: patience)
      answer.yield(nil)
    }
    var iterator = answers.makeAsyncIterator()
    let page = await iterator.next()
    waiting.cancel()
    reading.cancel()
    return page ?? nil
  }

  /// Writes what it is given, the newest only when it comes too fast, until the stream ends. A problem is told once.
  func keep(_ screens: AsyncStream<SavedScreen>) async {
    var hasFailed = false
    for await saved in screens {
      do {
        try await file.save(saved)
        hasFailed = false
      } catch {
        if !hasFailed { tell.yield((error as? HookupError)?.message ?? "\(error)") }
        hasFailed = true
      }
    }
  }

  /// Writes out what the history still has to write.
  func close() async {
    await history.close()
    tell.finish()
  }
}

import Dispatch
import HookupEngine
import Synchronization

/// What a chat client keeps of its rooms in one SQLite file, `history.sqlite` in its profile's directory, mode 0600.
///
/// It is opened when it is first asked for something, and does all its work on a thread of its own. What it takes is written after
/// 100 ms, or when there are 256 entries of it, in one transaction with the offsets that the rooms are held to: after a kill
/// the last of it is missing, and is asked of the server again. Writes are not synced one by one: a loss of power costs as much.
///
/// The chat goes on whatever becomes of the file:
/// - one that is damaged is renamed to `history.sqlite.damaged`, in place of an earlier one of that name, and a new one begun;
/// - one of a newer version, of a directory that another process uses, or that cannot be opened is left alone, and nothing is kept;
/// - when writing fails, because the disk is full for instance, nothing more is written until the next start. It is read on.
///
/// Of each of these `tell` hears one sentence.
public final class LocalHistory: ChatHistory {
  /// The file's name in the directory.
  public static let fileName = "history.sqlite"

  public struct Limits: Hashable, Sendable {
    /// Entries of one room; beyond it the oldest sixteenth goes. Default 100,000. Few: one scrolls on the server's account soon, and not at
    /// all without it. Many: disk.
    public var entriesPerRoom = 100_000
    /// What all entries take, bytes: their JSON and 32 each; beyond it the oldest of the largest room go, down to fifteen
    /// sixteenths of it. Default 256 MiB. The file is about a quarter larger.
    public var bytes = 256 << 20
    /// Rooms; beyond it the one goes in which nothing was written the longest. Default 1,000.
    public var rooms = 1_000

    public init() {}
  }

  /// How long what was taken may wait to be written.
  private static let delay = DispatchTimeInterval.milliseconds(100)
  /// How many entries are written at once.
  private static let batchWeight = 256
  /// Entries that may wait before the client reads no further from its server.
  private static let maximumWeight = 1_024

  private struct Waiting {
    var records: [ChatRecord] = []
    var weight = 0
    /// A drain is under way or comes by itself.
    var isScheduled = false
    var isHurried = false
    var isClosed = false
    var writers: [CheckedContinuation<Void, Never>] = []
  }

  private let queue = DispatchQueue(label: "hookup.history")
  private let desk: HistoryDesk
  private let waiting = Mutex(Waiting())

  /// - Parameters:
  ///   - directory: the profile's; it is made when it does not exist.
  ///   - nick: whose history it is. What another nick has left there is dropped: it may hold private conversations.
  ///   - tell: hears why something is not kept, in a sentence; on any thread.
  public convenience init(
    directory: String, nick: Nick, limits: Limits = Limits(),
    tell: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.init(
      desk: HistoryDesk(
        file: HistoryFile.Place(
          path: directory + "/" + Self.fileName, directory: directory, nick: nick, limits: limits),
        tell: tell))
  }

  init(desk: HistoryDesk) { self.desk = desk }

  public func held() async -> ChatHeld {
    await onQueue { desk in desk.held() }
  }

  public func page(
    of room: RoomName, before offset: UInt64?, limit: Int
  ) async -> [RoomEntry] {
    await onQueue { desk in desk.page(of: room, before: offset, limit: limit) }
  }

  public func close() async {
    waiting.withLock { $0.isClosed = true }
    await onQueue { desk in desk.close() }
  }

  public func take(_ record: ChatRecord) {
    enum Order { case none, soon, now }
    let order = waiting.withLock { waiting -> Order in
      guard !waiting.isClosed else { return .none }
      waiting.records.append(record)
      waiting.weight += record.weight
      if waiting.weight >= Self.batchWeight, !waiting.isHurried {
        waiting.isHurried = true
        waiting.isScheduled = true
        return .now
      }
      guard !waiting.isScheduled else { return .none }
      waiting.isScheduled = true
      return .soon
    }
    switch order {
    case .none: break
    case .soon: queue.asyncAfter(deadline: .now() + Self.delay) { [self] in drain() }
    case .now: queue.async { [self] in drain() }
    }
  }

  public func waitForRoom() async {
    guard waiting.withLock({ $0.weight >= Self.maximumWeight }) else { return }
    await withCheckedContinuation { continuation in
      let passes = waiting.withLock { waiting in
        guard waiting.weight >= Self.maximumWeight else { return true }
        waiting.writers.append(continuation)
        return false
      }
      if passes { continuation.resume() }
    }
  }

  // MARK: On the queue

  /// Runs `body` after everything that was taken so far is written.
  private func onQueue<Answer: Sendable>(
    _ body: @escaping @Sendable (HistoryDesk) -> Answer
  ) async -> Answer {
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        drain()
        continuation.resume(returning: body(desk))
      }
    }
  }

  private func drain() {
    while let batch = nextBatch() {
      desk.write(batch)
      let writers = waiting.withLock { waiting -> [CheckedContinuation<Void, Never>] in
        guard waiting.weight < Self.maximumWeight else { return [] }
        defer { waiting.writers = [] }
        return waiting.writers
      }
      for writer in writers { writer.resume() }
    }
  }

  private func nextBatch() -> [ChatRecord]? {
    waiting.withLock { waiting in
      guard !waiting.records.isEmpty else {
        waiting.isScheduled = false
        waiting.isHurried = false
        return nil
      }
      var weight = 0
      var count = 0
      for record in waiting.records {
        guard count == 0 || weight + record.weight <= Self.batchWeight else { break }
        weight += record.weight
        count += 1
      }
      let batch = Array(waiting.records[..<count])
      waiting.records.removeFirst(count)
      waiting.weight -= weight
      return batch
    }
  }
}

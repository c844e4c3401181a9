import HookupCore
import Synchronization

/// A history that lives as long as its object: for programs that leave rooms and come back, and for tests.
public final class MemoryChatHistory: ChatHistory {
  /// Entries that are kept of one room; the oldest go beyond it.
  public let entriesPerRoom: Int
  private let state = Mutex(State())

  private struct State {
    var held = ChatHeld()
    var rooms: [RoomName: [RoomEntry]] = [:]
  }

  /// - Parameter entriesPerRoom: 1 or more; default 1,000. Each costs its text and about 300 bytes.
  public init(entriesPerRoom: Int = 1_000) {
    self.entriesPerRoom = max(1, entriesPerRoom)
  }

  public func held() async -> ChatHeld { state.withLock { $0.held } }

  public func waitForRoom() async {}

  public func close() async {}

  public func page(
    of room: RoomName, before offset: UInt64?, limit: Int
  ) async -> [RoomEntry] {
    state.withLock { state in
      let entries = state.rooms[room] ?? []
      let end = offset.map { entries.place(of: $0) } ?? entries.count
      return Array(entries[..<end].suffix(max(0, limit)))
    }
  }

  public func take(_ record: ChatRecord) {
    state.withLock { state in
      let last = state.held
      state.held.apply(record)
      switch record {
      case .server(let id): if id != last.server { state.rooms = [:] }
      case .entry(let entry):
        guard entry.offset > last.rooms[entry.room] ?? 0 else { return }
        var entries = state.rooms.removeValue(forKey: entry.room) ?? []
        entries.work(in: entry)
        entries.append(entry)
        // A sixteenth more than needed, so that this is rare.
        if entries.count > entriesPerRoom {
          entries.removeFirst(entries.count - entriesPerRoom + entriesPerRoom / 16)
        }
        state.rooms[entry.room] = entries
      case .rewound(let room, let after):
        state.rooms[room]?.removeAll { $0.offset > after }
      case .older(let room, let older):
        let entries = state.rooms[room] ?? []
        guard let first = entries.first?.offset ?? last.rooms[room].map({ $0 + 1 }) else { return }
        let fitting = older.ending(rightBefore: first)
          .suffix(max(0, entriesPerRoom - entries.count))
        state.rooms[room] = fitting + entries
      case .skipped: break
      @unknown default: break
      }
    }
  }
}

extension [RoomEntry] {
  /// The index of the first entry at or beyond an offset. The entries are in rising order.
  fileprivate func place(of offset: UInt64) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Lets `entry` change the one that it is about. Of a message that is deleted nothing stays, in its edits neither.
  fileprivate mutating func work(in entry: RoomEntry) {
    guard entry.isAboutAnother, let ref = entry.act.ref else { return }
    let place = place(of: ref)
    guard place < count, self[place].offset == ref else { return }
    self[place].take(entry)
    guard entry.kind == .deleted else { return }
    for index in indices where self[index].kind == .edited && self[index].act.ref == ref {
      self[index].act.text = ""
    }
  }

  /// The last of them, as far as they follow one another without a hole up to `offset`.
  package func ending(rightBefore offset: UInt64) -> ArraySlice<RoomEntry> {
    var start = endIndex
    var next = offset
    while start > startIndex, self[start - 1].offset < next, self[start - 1].offset + 1 == next {
      start -= 1
      next = self[start].offset
    }
    return self[start...]
  }
}

import Glibc
import HookupEngine
import HookupSQLite

/// The back ends that the contract is tested on.
enum BackEnd: String, CaseIterable, Sendable {
  case memory, sqlite

  /// Runs `body` with an empty store.
  func withStore(
    limits: ChatStoreLimits = ChatStoreLimits(),
    _ body: (any ChatStore) async throws -> Void
  ) async throws {
    switch self {
    case .memory:
      try await body(MemoryChatStore(limits: limits))
    case .sqlite:
      try await withTemporaryDirectory { directory in
        let store = try SQLiteChatStore(directory: directory, limits: limits)
        try await body(store)
        try await store.close()
      }
    }
  }
}

/// Runs `body` with a new directory and removes it afterwards.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
  var template = Array("/tmp/hookup-store-XXXXXX".utf8CString)
  guard let made = mkdtemp(&template) else {
    throw HookupError(.storage, "no temporary directory: errno \(errno)")
  }
  let directory = String(cString: made)
  defer { remove(directory) }
  try await body(directory)
}

/// Removes a directory of files.
private func remove(_ directory: String) {
  guard let stream = opendir(directory) else { return }
  defer { closedir(stream) }
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard name != ".", name != ".." else { continue }
    unlink(directory + "/" + name)
  }
  rmdir(directory)
}

let alice = try! Person("alice", 0xA)
let bob = try! Person("bob", 0xB)
let carol = try! Person("carol", 0xC)

/// Somebody who writes.
struct Person: Sendable {
  var nick: Nick
  var client: ClientID

  init(_ name: String, _ number: UInt64) throws {
    nick = try Nick(name)
    client = try ClientID(
      String(repeating: "0", count: 31) + String(number & 0xF, radix: 16))
  }

  /// As an account reads.
  var reader: RoomReader { RoomReader(nick: nick, isAccount: true) }

  /// An act of an account.
  func does(
    _ act: RoomAct, id: String, in room: String = "ops", isAccount: Bool = true
  ) throws -> RoomAppend {
    RoomAppend(
      key: RoomKey(try RoomName(room), for: nick), act: act, id: try MessageID(id), client: client,
      from: nick, isAccount: isAccount)
  }

  func says(
    _ text: String, id: String, in room: String = "ops", kind: RoomEntry.Kind = .said
  ) throws -> RoomAppend {
    RoomAppend(
      key: RoomKey(try RoomName(room), for: nick), kind: kind, id: try MessageID(id),
      client: client, from: nick, text: text)
  }
}

extension ChatStore {
  /// A page of a public room.
  func read(
    _ room: String, _ position: HistoryPosition, entries: Int = 100, bytes: Int = 1 << 20,
    for person: Person = alice
  ) async throws -> RoomPage {
    let name = try RoomName(room)
    return try await page(
      RoomPageRequest(
        key: RoomKey(name, for: person.nick), name: name, position: position,
        maximumEntries: entries, maximumBytes: bytes))
  }
}

extension ChatStore {
  func recall(of client: SessionID, epoch: UInt64) async throws -> SessionMemory {
    try await memory(of: client, epoch: epoch)
  }
}

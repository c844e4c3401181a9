import Foundation
import HookupCore
import HookupTUI
import Synchronization
import Testing

@testable import hookup_chat

@Suite struct SavedScreenTests {
  private let alice: Nick
  private let ops: RoomName

  init() throws {
    alice = try Nick("alice")
    ops = try RoomName("ops")
  }

  private func again(_ saved: SavedScreen) throws -> SavedScreen? {
    try SavedScreen(json: saved.json(of: alice).text, of: alice)
  }

  @Test func `what is written is read again`() throws {
    #expect(try again(SavedScreen()) == SavedScreen())
    var saved = SavedScreen(
      windows: [
        .init(room: ops, draft: "half a \u{1F600}\n\"sentence\"\u{0}", cursor: 7, read: 17),
        .init(room: try RoomName("@bob")),
      ],
      current: ops, lines: ["/join #dev", "good morning"])
    saved.ignored = ["carol", "mallory"]
    saved.aliases = ["gm": "good morning, all", "j": "/join #\"dev\""]
    #expect(try again(saved) == saved)
    #expect(try SavedScreen(json: saved.json(of: alice).text, of: Nick("bob")) == nil)
    #expect(try SavedScreen(json: saved.json(of: alice).text, of: Nick("ALICE")) == saved)
  }

  @Test
  func `a flood of text is cut: the oldest lines, then the drafts behind, never the one shown`()
    throws
  {
    let long = String(repeating: "x", count: 8_000)
    var saved = SavedScreen(current: try RoomName("r150"))
    for number in 0..<200 {
      saved.windows.append(.init(room: try RoomName("r\(number)"), draft: long))
    }
    saved.lines = (0..<200).map { "\($0) \(long)" }
    let json = saved.json(of: alice)
    #expect(json.text.utf8.count < 600_000)
    let read = try #require(try SavedScreen(json: json.text, of: alice))
    #expect(read.lines == [])
    #expect(read.windows.count == 200 && read.current == saved.current)
    #expect(read.windows[0].draft == long && read.windows[150].draft == long)
    #expect(read.windows[199].draft == "")
    saved.windows = []
    let lines = try #require(try again(saved)).lines
    #expect(lines.last == saved.lines.last && lines.count == 65)
  }

  @Test(arguments: [
    "", "{", "[]", #"{"nick":"alice"}"#, #"{"version":2,"nick":"alice"}"#,
    #"{"version":1,"nick":7}"#, #"{"version":1,"nick":"alice","current":"no room"}"#,
    #"{"version":1,"nick":"alice","windows":[{"draft":"x"}]}"#,
  ])
  func `what is none is an error`(_ json: String) throws {
    #expect(throws: HookupError.self) { try SavedScreen(json: json, of: alice) }
  }

  @Test func `odd values do no harm`() throws {
    let json = """
      {"version":1,"nick":"alice","lines":[1,"a"],"more":{},
      "windows":[{"room":"ops","cursor":-5,"read":-9},{"room":"dev","cursor":99999999999999999999}]}
      """
    let read = try #require(try SavedScreen(json: json, of: alice))
    #expect(read.windows.map(\.cursor) == [0, 0])
    #expect(read.windows[0].read == 0 && read.lines == ["a"])
  }
}

@Suite struct ScreenFileTests {
  private func withFile(_ body: (ScreenFile, String) async throws -> Void) async throws {
    let directory = NSTemporaryDirectory() + "/hookup-screen-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(ScreenFile(directory: directory, nick: try Nick("alice")), directory)
  }

  private func sentence(of file: ScreenFile) -> (saved: SavedScreen?, told: [String]) {
    var told: [String] = []
    let saved = file.load { told.append($0) }
    return (saved, told)
  }

  @Test func `it is replaced as a whole, for its user's eyes only`() async throws {
    try await withFile { file, directory in
      #expect(sentence(of: file).saved == nil)
      for line in ["one", "two"] { try await file.save(SavedScreen(lines: [line])) }
      #expect(file.load() == SavedScreen(lines: ["two"]))
      let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
      #expect(mode as? Int == 0o600)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["screen"])
    }
  }

  @Test func `a damaged one is set aside and said, and the next one is written`() async throws {
    try await withFile { file, directory in
      for damage in [Data("{".utf8), Data([0xFF, 0xFE]), Data(repeating: 32, count: 5 << 20)] {
        try damage.write(to: URL(fileURLWithPath: file.path))
        let (saved, told) = sentence(of: file)
        #expect(saved == nil && told.count == 1)
        let aside = try Data(contentsOf: URL(fileURLWithPath: file.path + ".damaged"))
        #expect(aside == damage)
        #expect(sentence(of: file).told == [])
      }
      try await file.save(SavedScreen(lines: ["again"]))
      #expect(file.load()?.lines == ["again"])
    }
  }

  @Test func `one that cannot be written leaves the one before`() async throws {
    try await withFile { file, directory in
      try await file.save(SavedScreen(lines: ["kept"]))
      // A directory where the new one would be.
      try FileManager.default.createDirectory(
        atPath: file.path + ".partial/x", withIntermediateDirectories: true)
      await #expect(throws: HookupError.self) { try await file.save(SavedScreen(lines: ["lost"])) }
      #expect(file.load()?.lines == ["kept"])
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct ScreenMemoryTests {
  private let ops: RoomName
  private let dev: RoomName

  init() throws {
    ops = try RoomName("ops")
    dev = try RoomName("dev")
  }

  private func withMemory(
    _ body: (_ open: () throws -> ScreenMemory) async throws -> Void
  ) async throws {
    let directory = NSTemporaryDirectory() + "/hookup-memory-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body {
      ScreenMemory(directory: directory, nick: try Nick("alice"), patience: .seconds(60))
    }
  }

  private func entry(_ offset: UInt64) throws -> RoomEntry {
    RoomEntry(
      room: dev, offset: offset, id: try MessageID("m\(offset)"), from: try Nick("bob"),
      milliseconds: 0, text: "text \(offset)")
  }

  @Test func `the first run begins in the lobby, or where it is told to`() async throws {
    try await withMemory { open in
      let memory = try open()
      let beginning = await memory.beginning(at: nil)
      #expect(beginning.opened == [.lobby] && beginning.joins.map(\.room) == [.lobby])
      #expect(await memory.beginning(at: ops).opened == [ops])
      await memory.close()
    }
  }

  @Test func `the next run begins where the last one was left, with what was there`() async throws {
    try await withMemory { open in
      let first = try open()
      let saved = SavedScreen(
        windows: [.init(room: ops, draft: "half", cursor: 4), .init(room: dev)], current: dev,
        lines: ["line"])
      let (screens, keep) = AsyncStream<SavedScreen>.makeStream()
      keep.yield(SavedScreen())
      keep.yield(saved)
      keep.finish()
      await first.keep(screens)
      first.history.take(.server("s1"))
      first.history.take(.skipped(dev, to: 6))
      let entries = [try entry(7), try entry(8)]
      for entry in entries { first.history.take(.entry(entry)) }
      await first.close()

      let second = try open()
      let beginning = await second.beginning(at: nil)
      #expect(beginning.opened == [])
      #expect(
        beginning.events == [
          .restored(saved), .chat(.page(ChatPage(room: dev, entries: entries))),
        ])
      #expect(beginning.joins.map(\.room) == [dev, ops])
      #expect(beginning.joins.map(\.since) == [8, nil])
      // The command line wins over the room that was shown last.
      let asked = await second.beginning(at: ops)
      #expect(asked.opened == [ops] && asked.joins.map(\.room) == [ops, dev])
      #expect(asked.events == [.restored(saved)])
      await second.close()
    }
  }

  @Test func `what is wrong with the disk is told, each thing once`() async throws {
    let memory = ScreenMemory(directory: "/dev/null/nowhere", nick: try Nick("alice"))
    #expect(await memory.beginning(at: nil).opened == [.lobby])
    let (screens, keep) = AsyncStream<SavedScreen>.makeStream()
    for number in 0..<3 { keep.yield(SavedScreen(lines: ["\(number)"])) }
    keep.finish()
    await memory.keep(screens)
    await memory.close()
    var told: [String] = []
    for await problem in memory.problems { told.append(problem) }
    #expect(told.count == 2, "\(told)")
  }
}

import Foundation
import Testing

/// Exit codes and sentences: what scripts and people meet when something is wrong.
extension EndToEnd {
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct CommandLineTests {
    private func end(_ name: String, _ arguments: [String], _ world: World, input: String = "")
      throws -> (
        status: Int32, lines: [String], errors: String
      )
    {
      let child = try Child(name, arguments, home: world.home)
      child.write(input)
      return try child.waitForEnd()
    }

    @Test func `send ends with 2 while messages are queued, and the next run takes them along`()
      throws
    {
      let world = try World()
      let offline = try world.send("alice", wait: "100ms")
      offline.write("one\n\ntwo\n")
      let first = try offline.waitForEnd()
      #expect(first.status == 2)
      let queued = try StateChange.parse(first.lines)
      #expect(queued.map(\.state) == ["queued", "queued"])
      #expect(queued.map(\.line) == [1, 3], "lines are counted as they stand in the input")
      try world.startServer()
      let online = try world.send("alice")
      online.write("three\n")
      let second = try online.waitForEnd()
      #expect(second.status == 0)
      let stored = try StateChange.parse(second.lines).filter { $0.state == "stored" }
      #expect(stored.compactMap(\.offset) == [1, 2, 3])
      #expect(stored.map(\.line) == [nil, nil, 1])
      #expect(stored.prefix(2).map(\.id) == queued.map(\.id))
      #expect(try world.log(count: 3).map(\.text) == ["one", "two", "three"])
    }

    @Test func `send ends with 3 when the server refuses a line, and stores the others`() throws {
      let world = try World()
      try world.startServer()
      let sender = try world.send("alice")
      sender.write("fine\n\(String(repeating: "x", count: 100_000))\nalso fine\n")
      let (status, lines, _) = try sender.waitForEnd()
      #expect(status == 3)
      let failed = try StateChange.parse(lines).filter { $0.state == "failed" }
      #expect(failed.map(\.line) == [2])
      #expect(failed.first?.reason?.contains("8192 bytes") == true, "\(failed)")
      #expect(try world.log(count: 2).map(\.text) == ["fine", "also fine"])
    }

    @Test
    func
      `tail begins after an offset, stops at its count, and ends with 2 when the time is up first`()
      throws
    {
      let world = try World()
      try world.startServer()
      let sender = try world.send("alice")
      sender.write("one\ntwo\nthree\n")
      #expect(try sender.waitForEnd().status == 0)
      let tail = ["tail", world.url, "--nick", "bob", "--room", "#ops", "--since", "1", "--count"]
      let plain = try end("hookup-chat", tail + ["2"], world)
      #expect(plain.status == 0)
      #expect(
        plain.lines.map { $0.drop { $0 != "#" } } == ["#ops <alice> two", "#ops <alice> three"])
      let short = try end("hookup-chat", tail + ["3", "--for", "1s"], world)
      #expect(short.status == 2)
      #expect(short.lines.count == 2)
    }

    @Test func `usage errors end with 64 and name the thing`() throws {
      let world = try World()
      for (arguments, word) in [
        (["tail", "nonsense", "--room", "ops"], "nonsense"),
        (["send", "ws://x/", "--room", "no room"], "no room"),
        (["send", "ws://x/", "--nick", "a b", "--room", "r"], "a b"),
        (["--no-such-option"], "no-such-option"),
        (["tail", "ws://x/", "--room", "r", "--count", "0"], "count"),
      ] {
        let (status, _, errors) = try end("hookup-chat", arguments, world)
        #expect(status == 64, "\(arguments): \(errors)")
        #expect(errors.contains(word), "\(arguments): \(errors)")
      }
      let (status, _, errors) = try end("hookup-chat-server", ["--port", "70000"], world)
      #expect(status == 64 || status == 1)
      #expect(errors.contains("70000"))
    }

    @Test func `without a terminal the chat is in lines, and says so`() throws {
      let world = try World()
      let (status, _, errors) = try end("hookup-chat", ["--room", "ops"], world)
      #expect(status == 0)
      #expect(errors == "hookup-chat: no terminal, so lines as with --plain\n")
    }

    @Test
    func `a busy port, a second server and a directory that is a file each get one sentence and 1`()
      throws
    {
      let world = try World()
      try world.startServer()
      let other = "\(world.home)/other"
      let busy = try end("hookup-chat-server", ["--port", "\(world.port)", "--data", other], world)
      #expect(busy.status == 1)
      #expect(busy.errors.contains("\(world.port)"))
      let second = try end(
        "hookup-chat-server", ["--port", "0", "--data", "\(world.home)/server"], world)
      #expect(second.status == 1)
      #expect(second.errors.contains("\(world.home)/server"))
      try "in the way".write(toFile: other + ".txt", atomically: true, encoding: .utf8)
      let file = try end("hookup-chat-server", ["--port", "0", "--data", other + ".txt"], world)
      #expect(file.status == 1)
      #expect(file.errors.contains(other + ".txt"))
      for (_, lines, errors) in [busy, second, file] {
        #expect(lines.isEmpty)
        #expect(errors.split(separator: "\n").count == 1, "\(errors)")
      }
    }

    @Test func `two programs on one profile: the second says who has it`() throws {
      let world = try World()
      let first = try world.send("alice")
      first.write("held\n")
      try first.waitForLines { $0.contains { $0.contains("queued") } }
      let second = try world.send("alice")
      second.write("x\n")
      let (status, _, errors) = try second.waitForEnd()
      #expect(status == 1)
      #expect(errors.contains("\(world.home)/alice"))
      let other = try end(
        "hookup-chat",
        ["send", world.url, "--nick", "bob", "--room", "ops", "--data", "\(world.home)/alice"],
        world)
      #expect(other.status == 1, "another nick must not take over what alice queued")
    }

    @Test func `a terminated server tells its clients, keeps what it has and ends with 0`() throws {
      let world = try World()
      try world.startServer()
      let sender = try world.send("alice")
      sender.write("kept\n")
      #expect(try sender.waitForEnd().status == 0)
      let server = try #require(world.server)
      server.terminate()
      let (status, lines, _) = try server.waitForEnd()
      #expect(status == 0)
      #expect(lines.count == 1, "one line on standard output: \(lines)")
      try world.startServer()
      #expect(try world.log(count: 1).map(\.text) == ["kept"])
    }

    @Test func `a damaged outbox is set aside whole, reported, and the rest goes on`() throws {
      let world = try World()
      let offline = try world.send("alice", wait: "100ms")
      offline.write((1...50).map { "line \($0)\n" }.joined())
      #expect(try offline.waitForEnd().status == 2)
      let outbox = "\(world.home)/alice/outbox"
      let segment = try #require(
        FileManager.default.contentsOfDirectory(atPath: outbox).first { $0.hasSuffix(".log") })
      let path = "\(outbox)/\(segment)"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      bytes[bytes.startIndex + 200] ^= 0xff
      try bytes.write(to: URL(fileURLWithPath: path))
      try world.startServer()
      let again = try world.send("alice")
      again.write("after the damage\n")
      let (_, lines, errors) = try again.waitForEnd()
      #expect(errors.contains(segment), "the report names the file: \(errors)")
      #expect(try StateChange.parse(lines).contains { $0.line == 1 && $0.state == "stored" })
      let kept = try FileManager.default.contentsOfDirectory(atPath: outbox).first {
        $0.contains("damaged")
      }
      let aside = try #require(kept)
      let saved = try Data(contentsOf: URL(fileURLWithPath: "\(outbox)/\(aside)"))
      #expect(
        saved.count > 50 * 50 && bytes.suffix(saved.count) == saved,
        "every byte from the damage on is kept")
    }
  }
}

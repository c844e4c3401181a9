import Foundation
import Testing

/// The chat in lines: `--plain`, `--json`, and the configuration of real processes.
extension EndToEnd {
  @Suite(.serialized, .timeLimit(.minutes(3))) struct PlainChatTests {
    private func chat(_ world: World, _ arguments: [String], _ input: String) throws -> Child {
      let child = try Child("hookup-chat", arguments, home: world.home)
      child.write(input)
      return child
    }

    @Test func `lines are said, commands are done, and the end waits until all is stored`() throws {
      let world = try World()
      try world.startServer()
      let child = try chat(
        world, [world.url, "--nick", "alice", "--room", "ops", "--plain"],
        "hello\n/me waves\n/nosuch\n//slash\n")
      let end = try child.waitForEnd()
      #expect(end.status == 0)
      let lines = try child.waitForLines { _ in true }
      #expect(lines.contains { $0.hasSuffix("#ops <alice> hello") })
      #expect(lines.contains { $0.contains("!!! unknown command /nosuch") })
      #expect(lines.contains { $0.hasPrefix("--- #ops 1 stored at ") })
      #expect(try world.log(count: 3).map(\.text) == ["hello", "waves", "/slash"])
    }

    @Test func `what cannot be sent is kept, and the exit status says so`() throws {
      let world = try World()
      let child = try chat(
        world, [world.url, "--nick", "alice", "--room", "ops", "--plain"], "kept\n")
      #expect(try child.waitForEnd().status == 2)
      try world.startServer()
      let again = try chat(world, [world.url, "--nick", "alice", "--room", "ops", "--plain"], "")
      #expect(try again.waitForEnd().status == 0)
      #expect(try world.log(count: 1).map(\.text) == ["kept"])
    }

    @Test func `what was told to be stored is not queued in the next run`() throws {
      let world = try World()
      try world.startServer()
      let said = [world.url, "--nick", "alice", "--room", "ops", "--plain"]
      #expect(try chat(world, said, "one\ntwo\n").waitForEnd().status == 0)
      let sender = try world.send("bob")
      sender.write("three\n")
      #expect(try sender.waitForEnd().status == 0)
      world.killServer()
      let again = try chat(world, said, "").waitForEnd()
      #expect(again.status == 0 && again.lines == [], "\(again.lines)")
      let resent = try world.send("bob", wait: "1s")
      resent.write("")
      #expect(try resent.waitForEnd().status == 0)
    }

    @Test func `pages are shown whole and say what is so`() throws {
      let world = try World()
      let child = try chat(
        world, [world.url, "--nick", "alice", "--room", "ops", "--plain"],
        "kept\n/pending\n/help\n")
      let end = try child.waitForEnd()
      #expect(end.status == 2)
      #expect(end.lines.contains { $0.hasPrefix("--- UNACKED 1 ") }, "\(end.lines)")
      #expect(end.lines.contains { $0.contains("/join #room") })
      #expect(end.lines.contains { $0.contains("/rank nick rank") })
      // Nothing of a frame.
      #expect(!end.lines.contains { $0.hasSuffix("F1 help") || $0 == "--- " })
    }

    @Test func `flags win over variables, variables over the profile, the profile over the file`()
      throws
    {
      let world = try World()
      try world.startServer()
      let path = world.home + "/chat.toml"
      try """
      url = "\(world.url)"
      nick = "filenick"
      room = "ops"
      [profile.work]
      nick = "worknick"
      """.write(toFile: path, atomically: true, encoding: .utf8)
      let program = [Child.path(of: "hookup-chat"), "--config", path, "--plain"]
      let variable = ["HOOKUP_CHAT_NICK=varnick"]
      for arguments in [
        program, program + ["--profile", "work"],
        ["HOOKUP_CHAT_PROFILE=work"] + variable + program,
        variable + program + ["--profile", "work", "--nick", "flagnick"],
      ] {
        let child = try Child("/usr/bin/env", arguments, home: world.home)
        child.write("x\n")
        #expect(try child.waitForEnd().status == 0)
      }
      let nicks = try world.log(count: 4).map(\.from)
      #expect(nicks == ["filenick", "worknick", "varnick", "flagnick"])
      let slip = try Child(
        "/usr/bin/env", ["HOOKUP_CHAT_NIKC=x"] + program, home: world.home
      ).waitForEnd()
      #expect(slip.status == 1 && slip.errors.contains("the nearest is HOOKUP_CHAT_NICK"))
    }

    @Test func `that the link is lost is said once`() throws {
      let world = try World()
      try world.startServer()
      let child = try Child(
        "hookup-chat", [world.url, "--nick", "alice", "--room", "ops", "--plain"],
        home: world.home)
      let sender = try world.send("bob")
      sender.write("hi\n")
      try child.waitForLines { $0.contains { $0.hasSuffix("<bob> hi") } }
      world.killServer()
      let lines = try child.waitForLines { $0.contains { $0.contains("link lost") } }
      #expect(lines.filter { $0.contains("link lost") }.count == 1)
      #expect(lines.contains { $0.contains(" status !!! link lost") })
      child.kill9()
    }

    @Test func `JSON goes in and comes out, one object a line`() throws {
      let world = try World()
      try world.startServer()
      let child = try chat(
        world, [world.url, "--nick", "alice", "--room", "ops", "--json"],
        "{\"text\":\"/not a command\"}\n[1]\n{\"room\":\"zz\",\"text\":\"x\"}\n{\"text\":\"a\\u001b[2J\"}\n{\"command\":\"x\"}\n"
      )
      #expect(try child.waitForEnd().status == 0)
      let objects = try child.waitForLines { _ in true }.map { line in
        try #require(
          JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
      }
      func texts(_ kind: String) -> [String] {
        objects.filter { $0["kind"] as? String == kind }.compactMap { $0["text"] as? String }
      }
      // Control characters do not get into a draft.
      #expect(texts("own") == ["/not a command", "a[2J"])
      #expect(texts("failure").count == 3)
      let states = objects.compactMap { $0["state"] as? String }
      #expect(states.filter { $0 == "stored" }.count == 2)
      #expect(try world.log(count: 2).map(\.text) == ["/not a command", "a[2J"])
    }

    @Test
    func `a first file is written once, and a mistake in it ends the program with a sentence`()
      throws
    {
      let world = try World()
      let path = world.home + "/.config/hookup/chat.toml"
      #expect(try chat(world, ["--init"], "").waitForEnd().status == 0)
      let sample = try String(contentsOfFile: path, encoding: .utf8)
      let printed = try chat(world, ["--print-config"], "")
      #expect(try printed.waitForEnd().status == 0)
      #expect(try printed.waitForLines { _ in true }.joined(separator: "\n") + "\n" == sample)
      let again = try chat(world, ["--init"], "").waitForEnd()
      #expect(again.status == 1 && again.errors.contains("it is there already"))
      try "nikc = \"bob\"\n".write(toFile: path, atomically: true, encoding: .utf8)
      let wrong = try chat(world, ["--plain"], "").waitForEnd()
      #expect(wrong.status == 1 && wrong.errors.contains("the nearest is 'nick'"))
      try "nick = \"bob\"\nroom = \"ops\"\n".write(toFile: path, atomically: true, encoding: .utf8)
      try world.startServer()
      let right = try chat(world, [world.url, "--plain"], "by file\n")
      #expect(try right.waitForEnd().status == 0)
      #expect(try world.log(count: 1).map(\.from) == ["bob"])
    }
  }
}

import Foundation
import Testing

extension EndToEnd {
  /// A chat server that is out of file descriptors.
  @Suite(.serialized, .timeLimit(.minutes(3)))
  struct DescriptorTests {
    /// Reads text frames until one holds `word`; bytes that follow stay in `rest`.
    private func wait(for word: String, from peer: BlockingPeer, _ rest: inout [UInt8]) throws {
      let wanted = Array(word.utf8)
      while rest.firstRange(of: wanted) == nil {
        guard let bytes = peer.receive() else {
          throw HarnessError("no \(word): \(String(decoding: rest, as: UTF8.self))")
        }
        rest += bytes
      }
      rest = []
    }

    private func say(_ text: String, _ peer: BlockingPeer) {
      peer.send(BlockingPeer.frame(0x81, Array(text.utf8)))
    }

    private func welcome(_ port: Int, _ nick: String) throws -> (BlockingPeer, rest: [UInt8]) {
      let peer = try BlockingPeer(port: port)
      try peer.upgrade()
      say(#"{"do":"hello","v":1,"nick":"\#(nick)"}"#, peer)
      var rest: [UInt8] = []
      try wait(for: #""welcome""#, from: peer, &rest)
      return (peer, rest)
    }

    @Test func `who is here goes on, nobody else is let in, and they are when there is room`()
      throws
    {
      let world = try World()
      let server = try Child(
        "hookup-chat-server",
        ["--port", "\(world.port)", "--data", "\(world.home)/server", "--log-level", "warning"],
        home: world.home)
      defer { server.kill9() }
      try server.waitForLines { !$0.isEmpty }
      var (alice, rest) = try welcome(world.port, "alice")
      say(#"{"do":"join","room":"ops"}"#, alice)
      try wait(for: #""joined""#, from: alice, &rest)
      // All below this number is in use, and two more.
      let figures = ProcessFigures(pid: server.pid)
      let limit = (try figures.descriptorNumbers().max() ?? 0) + 3
      try figures.limitDescriptors(to: limit)
      var others: [BlockingPeer] = []
      while try figures.descriptors() < limit {
        others.append(try BlockingPeer(port: world.port))
        // The system has accepted it; the server comes to it later.
        guard others.count < 200 else { throw HarnessError("the limit is never reached") }
        usleep(1_000)
      }
      // The system takes them, the server does not come to them: this one is answered when the others are gone.
      let late = try BlockingPeer(port: world.port)
      late.send(Array("GET /ping HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8))
      try server.waitForErrors { $0.contains("accepting pauses") }
      // Saying, storing, reading and searching need none.
      for number in 1...3 {
        say(#"{"do":"say","room":"ops","id":"m\#(number)","text":"word\#(number)"}"#, alice)
        try wait(for: #""stored""#, from: alice, &rest)
      }
      say(#"{"do":"history","room":"ops","after":0}"#, alice)
      try wait(for: "word3", from: alice, &rest)
      say(#"{"do":"search","words":"word2"}"#, alice)
      try wait(for: #""hits""#, from: alice, &rest)
      #expect(late.receive(waits: false)?.isEmpty == true)
      others = []
      var answer: [UInt8] = []
      try wait(for: "pong", from: late, &answer)
      let (bob, _) = try welcome(world.port, "bob")
      bob.shutDown()
      server.terminate()
      #expect(try server.waitForEnd().status == 0)
    }
  }
}

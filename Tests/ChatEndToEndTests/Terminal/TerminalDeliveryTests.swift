import Foundation
import HookupCore
import Testing

@testable import hookup_bench

/// The promise that the client was written for, on a real terminal, over a link that somebody cuts.
extension EndToEnd {
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct TerminalDeliveryTests {
    /// A person at a terminal, the server, and the network between them.
    private final class Place {
      let world: World
      let proxyPort: Int
      private(set) var proxy: FaultProxy?
      let terminal: TerminalDevice

      init() async throws {
        world = try World()
        try world.startServer()
        let proxy = try await FaultProxy.start(port: 0, to: ("127.0.0.1", world.port))
        (self.proxy, proxyPort) = (proxy, proxy.port)
        terminal = try TerminalDevice(columns: 100, rows: 40)
        try terminal.start(
          Child.path(of: "hookup-chat"),
          [
            "ws://127.0.0.1:\(proxyPort)/", "--nick", "alice", "--room", "ops", "--data",
            "\(world.home)/alice",
          ],
          environment: [
            "HOME=\(world.home)", "PATH=/usr/bin:/bin", "USER=alice", "LANG=C.UTF-8",
            "TERM=xterm-256color", "SWIFT_BACKTRACE=enable=no",
          ])
        try terminal.wait(for: "that it is online") { $0.contains("ONLINE") }
      }

      /// Nobody answers on the other side any more.
      func cut() async {
        await proxy?.close()
        proxy = nil
      }

      /// Does a fault to the connection, as soon as it is old enough to be hit.
      func strike(_ fault: LinkFault) async {
        for _ in 0..<200 {
          guard await proxy?.strikeAll(fault) == 0 else { return }
          terminal.follow(for: .milliseconds(20))
        }
      }

      func restore() async throws {
        proxy = try await FaultProxy.start(port: proxyPort, to: ("127.0.0.1", world.port))
      }

      /// The sign behind each of these texts, if the text is shown once: one entry each.
      func signs(_ texts: [String]) -> [String?] {
        let rows = (0..<terminal.picture.rows).map { terminal.picture.text(row: $0) }
        return texts.map { text in
          let shown = rows.filter { $0.contains(text) }
          guard shown.count == 1 else { return nil }
          let rest = shown[0].components(separatedBy: text).last ?? ""
          return ["\u{25CC}", "\u{2191}", "\u{2713}", "\u{2717}"].first { rest.contains($0) }
        }
      }
    }

    private static let queued = "\u{25CC}"
    private static let sent = "\u{2191}"
    private static let stored = "\u{2713}"

    @Test func `eight lines typed fast and cut half a second later: eight shown, eight delivered`()
      async throws
    {
      let place = try await Place()
      let terminal = place.terminal
      // No ack comes back, so that what is on its way can be seen to be.
      await place.strike(.blackhole(.toClient, for: .seconds(60)))
      let texts = (1...8).map { "typed fast, number \($0)." }
      for text in texts { terminal.type(text + "\r") }
      try terminal.wait(for: "eight lines on their way") { _ in
        place.signs(texts) == Array(repeating: Self.sent, count: 8)
      }
      terminal.follow(for: .milliseconds(500))
      await place.cut()
      try terminal.wait(for: "eight lines that wait") { _ in
        place.signs(texts).allSatisfy { $0 == Self.queued || $0 == Self.stored }
      }
      #expect(place.signs(texts).contains(Self.queued), "\(terminal.picture.text)")
      try terminal.wait(for: "the retry") { $0.contains("RETRY #") }
      #expect(place.signs(texts).count { $0 != nil } == 8, "\(terminal.picture.text)")
      try await place.restore()
      try terminal.wait(for: "eight lines that are stored", within: .seconds(60)) { _ in
        place.signs(texts) == Array(repeating: Self.stored, count: 8)
      }
      #expect(try place.world.log(count: 8).map(\.text) == texts)
    }

    /// 4 cuts in CI; 60 with HOOKUP_LONG=1.
    @Test func `cuts at random lose nothing and leave nothing in a wrong state`() async throws {
      let place = try await Place()
      let terminal = place.terminal
      let seed = UInt64.random(in: 0...UInt64.max)
      var random = RandomSource(seed: seed)
      print("cuts of a real link: seed \(seed)")
      var texts: [String] = []
      for round in 0..<(Effort.isLong ? 60 : 4) {
        let count = Int.random(in: 1...6, using: &random)
        for _ in 0..<count {
          texts.append("cut \(round), line \(texts.count).")
          terminal.type((texts.last ?? "") + "\r")
        }
        terminal.follow(for: .milliseconds(Int.random(in: 0...120, using: &random)))
        let kinds: [LinkFault] = [
          .cut, .reset, .blackhole(.toServer, for: .milliseconds(500)),
          .blackhole(.toClient, for: .milliseconds(500)),
        ]
        await place.strike(kinds.randomElement(using: &random) ?? .cut)
        if round % 3 == 0 {
          await place.cut()
          terminal.follow(for: .milliseconds(Int.random(in: 0...400, using: &random)))
          try await place.restore()
        }
        // The rest may be out of view by now; the log tells of it in the end.
        let shown = Array(texts.suffix(count))
        terminal.type("\u{C}")
        try terminal.wait(for: "all lines of cut \(round), stored", within: .seconds(90)) { _ in
          place.signs(shown) == Array(repeating: Self.stored, count: shown.count)
        }
        for row in 0..<terminal.picture.rows {
          let text = terminal.picture.text(row: row)
          guard text.contains(" alice  cut ") else { continue }
          #expect(text.contains(Self.stored), "cut \(round): \(text)")
        }
      }
      #expect(try place.world.log(count: texts.count).map(\.text) == texts, "seed \(seed)")
    }
  }
}

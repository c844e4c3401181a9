import Foundation
import HookupCore
import HookupEngine
import Synchronization
import Testing

@testable import hookup_bench

/// What a hostile server and a hostile peer send, as bytes that reach a real terminal.
extension EndToEnd {
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct TerminalInjectionTests {
    private static let payloads = [
      "\u{1B}]0;PWNED\u{7}", "\u{1B}]52;c;UFdORUQ=\u{7}", "\u{1B}]8;;http://x/\u{1B}\\",
      "\u{1B}]0;never ends", "\u{1B}P+q544e\u{1B}\\\u{1B}_G\u{1B}\\", "\u{1B}[2J\u{1B}[H",
      "\u{1B}c", "\u{1B}[6n\u{1B}[c\u{1B}[21t", "\u{1B}[?1049l\u{1B}[?25l\u{1B}(0\u{E}",
      "\u{9B}2J\u{9D}0;PWNED\u{9C}\u{85}\u{84}", "\u{7}\u{7}", "\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}",
      "\r12:00    eve  forged", "\n12:00    eve  forged", "\u{9}\u{B}\u{C}", "\u{7F}\u{7F}",
      "\u{202E}desrever\u{202C}", "\u{2066}\u{2067}x\u{2069}\u{200E}\u{61C}",
      "pay\u{200B}p\u{AD}al\u{2060}", "\u{FEFF}x\u{FFF9}", "\u{E0041}\u{E0042}",
      "a\u{2028}12:00    eve  forged\u{2029}", "z" + String(repeating: "\u{301}", count: 120),
    ]

    /// What ncurses and the client itself send to a terminal of the type xterm-256color.
    private static let own: Set<String> = [
      "CSI H", "CSI d", "CSI G", "CSI A", "CSI B", "CSI C", "CSI D", "CSI m", "CSI K", "CSI J",
      "CSI X", "CSI P", "CSI @", "CSI L", "CSI M", "CSI b", "CSI r", "CSI t", "CSI S", "CSI T",
      "CSI 4l", "CSI l", "CSI h", "CSI ?1h", "CSI ?1l", "CSI ?7h", "CSI ?12l", "CSI ?12h",
      "CSI ?25h", "CSI ?25l", "CSI ?12;25h", "CSI ?1049h", "CSI ?2004h", "CSI ?1004h", "CSI ?1002h",
      "CSI ?1006h", "CSI ?1000h", "CSI ?1006;1000h", "CSI ?1006;1000l", "C0 08", "C0 0a", "C0 0d",
      "ESC (B", "ESC =", "ESC >", "ESC 7", "ESC 8", "ESC M",
    ]

    /// A chat server that puts the payload wherever the protocol has a text.
    private static func events(_ payload: String, _ number: UInt64) throws -> [ChatEvent] {
      let (room, eve) = (try RoomName("ops"), try Nick("eve"))
      func entry(_ place: UInt64, _ act: RoomAct) throws -> ChatEvent {
        .entry(
          RoomEntry(
            room: room, offset: number * 5 + place, act: act,
            id: try MessageID("e\(number)-\(place)"), from: eve, milliseconds: 1_795_435_200_000))
      }
      let text = "before" + payload + "behind"
      let hit = RoomEntry(
        room: room, offset: 1, id: try MessageID("h"), from: eve, milliseconds: 0, text: text)
      return [
        try entry(1, .say(text)), try entry(2, RoomAct(.me, text: text)),
        try entry(3, .topic(text)),
        try entry(4, RoomAct(.reacted, text: text, ref: number * 5 + 1)),
        try entry(5, RoomAct(RoomAct.Kind(rawValue: "odd" + payload), text: text)),
        .error(ChatRefusal(ChatRefusal.Code(rawValue: text), text, room: room)),
        .notice(code: .announcement, message: text), .notice(code: .readOnly, message: text),
        .away(eve, text),
        .person(ChatPerson(nick: eve, isAccount: true, isOnline: true, away: text)),
        .devices([ChatDevice(id: text, name: text, created: 0, seen: 0, isThis: false)]),
        .found([ChatHit(entry: hit, snippet: text)], more: false),
      ]
    }

    /// The same with what must be refused where it is read: names.
    private static func forgedNames(_ payload: String) throws -> [JSONText] {
      let name = JSONEncoder()
      let quoted = String(decoding: try name.encode("x" + payload), as: UTF8.self)
      return [
        "{\"is\":\"said\",\"room\":\"ops\",\"offset\":9000,\"id\":\"n\",\"from\":\(quoted),\"time\":\"2026-11-23T12:00:00.000Z\",\"text\":\"x\"}",
        "{\"is\":\"arrived\",\"room\":\"ops\",\"nick\":\(quoted)}",
        "{\"is\":\"arrived\",\"room\":\(quoted),\"nick\":\"eve\"}",
      ].map { JSONText(unchecked: $0) }
    }

    private static func serve(_ connection: ServerConnection) async throws {
      for await event in connection.events {
        guard case .json(let json) = event, let command = try? ChatCommand(json: json) else {
          continue
        }
        switch command {
        case .hello(let hello):
          let welcome = ChatWelcome(
            nick: hello.nick, server: "hostile", direct: [], limits: ChatLimits())
          try await connection.send(.json(ChatEvent.welcome(welcome).json))
        case .join(let room, _):
          let joined = ChatJoined(
            room: room, topic: payloads.joined(), members: [try Nick("eve")], last: 0, first: 1,
            after: 0, reset: false)
          try await connection.send(.json(ChatEvent.joined(joined).json))
          for (number, payload) in payloads.enumerated() {
            for event in try events(payload, UInt64(number)) {
              try await connection.send(.json(event.json))
            }
            for json in try forgedNames(payload) { try await connection.send(.json(json)) }
          }
          let end = ChatEvent.notice(code: .announcement, message: "that was all of it")
          try await connection.send(.json(end.json))
        default: break
        }
      }
    }

    @Test func `no byte of a hostile server's texts is obeyed by the terminal`() async throws {
      let home = NSTemporaryDirectory() + "/hookup-hostile-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: home) }
      var configuration = ServerConfiguration(port: 0)
      let (addresses, started) = AsyncStream<ServerAddress>.makeStream()
      configuration.onStart = { started.yield($0) }
      let server = HookupServer(
        configuration: configuration, logger: .quietBench, handler: Self.serve)
      let running = Task { try await server.run() }
      defer { running.cancel() }
      var iterator = addresses.makeAsyncIterator()
      let address = try #require(await iterator.next())
      let terminal = try TerminalDevice(columns: 110, rows: 40)
      terminal.keepsTranscript = true
      try terminal.start(
        Child.path(of: "hookup-chat"),
        [address.url, "--nick", "alice", "--room", "ops", "--data", home + "/alice"],
        environment: [
          "HOME=\(home)", "PATH=/usr/bin:/bin", "USER=alice", "LANG=C.UTF-8",
          "TERM=xterm-256color", "SWIFT_BACKTRACE=enable=no",
        ])
      try terminal.wait(for: "the last of it") { $0.contains("that was all of it") }
      // Through all of it once more, a page at a time.
      for _ in 0..<25 {
        terminal.type("\u{1B}[5~")
        terminal.settle(quiet: .milliseconds(80), within: .seconds(2))
      }
      terminal.resize(columns: 60, rows: 20)
      terminal.settle(quiet: .milliseconds(200), within: .seconds(2))

      let strange = Set(terminal.picture.controls.keys).subtracting(Self.own)
      #expect(strange == [], "sent to the terminal: \(terminal.picture.controls)")
      #expect(terminal.picture.row < 20 && terminal.picture.text(row: 0).contains("#ops"))
      for row in 0..<20 {
        #expect(!terminal.picture.text(row: row).hasPrefix("12:00    eve  forged"))
      }
      var parser = TerminalParser()
      var wrong: Set<UInt32> = []
      for byte in terminal.transcript {
        guard case .scalar(let value)? = parser.receive(byte) else { continue }
        switch Unicode.Scalar(value)?.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
          .unassigned, nil:
          wrong.insert(value)
        default: break
        }
      }
      #expect(wrong == [], "shown as it came: \(wrong.map { String($0, radix: 16) })")
      #expect(terminal.transcript.count > 20_000)
    }
  }
}

import Glibc
import HookupEngine

/// A chat program for terminals, and how it is run: ours and those that it stands beside.
struct ChatProgram: Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case hookup = "hookup-chat"
    case weechat, irssi
  }

  let kind: Kind
  let path: String
  /// Its home, made anew for each start.
  let home: String

  var name: String {
    switch kind {
    case .hookup: "hookup-chat"
    case .weechat: "WeeChat"
    case .irssi: "irssi"
    }
  }

  /// Nil when it is not installed.
  init?(_ kind: Kind, programs: String, home: String) {
    let candidates: [String] =
      switch kind {
      case .hookup: ["\(programs)/hookup-chat"]
      case .weechat: ["/usr/bin/weechat-curses", "/usr/bin/weechat"]
      case .irssi: ["/usr/bin/irssi"]
      }
    guard let path = candidates.first(where: { access($0, X_OK) == 0 }) else { return nil }
    (self.kind, self.path, self.home) = (kind, path, home)
  }

  /// Starts it on a terminal of its own.
  /// - Parameter port: of its server; nil for one that is not there.
  func start(
    port: Int?, columns: Int = 120, rows: Int = 40, keepingTranscript: Bool = false
  ) throws(HookupError) -> TerminalDevice {
    let device = try TerminalDevice(columns: columns, rows: rows)
    device.keepsTranscript = keepingTranscript
    mkdir(home, 0o700)
    if kind == .irssi { try writeStartup(port: port) }
    try device.start(path, arguments(port: port), environment: environment)
    return device
  }

  /// Without SWIFT_BACKTRACE, as on a person's machine.
  private var environment: [String] {
    ["HOME=\(home)", "PATH=/usr/bin:/bin", "USER=alice", "LANG=C.UTF-8", "TERM=xterm-256color"]
  }

  private func arguments(port: Int?) -> [String] {
    switch kind {
    case .hookup:
      // Nobody listens on port 9.
      return [
        "ws://127.0.0.1:\(port ?? 9)/", "--nick", "alice", "--room", HookupLines.room, "--data",
        home + "/data",
      ]
    case .weechat:
      // All lines are kept, as ours are: in memory, for it has no other place.
      var commands = ["/set weechat.history.max_buffer_lines_number 0"]
      if let port {
        commands += [
          "/server add bench 127.0.0.1/\(port) -notls -nossl -nicks=alice",
          "/set irc.server.bench.ssl off", "/set irc.server.bench.autojoin \(IRCLines.channel)",
          "/connect bench",
        ]
      }
      return ["--dir", home + "/weechat"] + commands.flatMap { ["-r", $0] }
    case .irssi: return ["--home=\(home)/irssi", "-n", "alice"]
    }
  }

  private func writeStartup(port: Int?) throws(HookupError) {
    mkdir(home + "/irssi", 0o700)
    var lines = ["/set scrollback_lines 0", "/set scrollback_time 0"]
    if let port {
      lines += [
        "/set use_status_window OFF", "/set autocreate_windows OFF", "/network add bench",
        "/server add -network bench 127.0.0.1 \(port)",
        "/channel add -auto \(IRCLines.channel) bench", "/connect bench",
      ]
    }
    let descriptor = open(home + "/irssi/startup", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw HookupError(.storage, "'\(home)/irssi/startup' cannot be written")
    }
    Streams.write(lines.joined(separator: "\n") + "\n", to: descriptor)
    close(descriptor)
  }

  /// Whether all parts of its first screen are there, the prompt last.
  func isPainted(_ picture: TerminalPicture) -> Bool {
    let last = picture.text(row: picture.rows - 1)
    switch kind {
    case .hookup: return last.contains("[#\(HookupLines.room)]") && !picture.text(row: 0).isEmpty
    case .weechat:
      return picture.text(row: picture.rows - 2).contains("[1]") && picture.contains("WeeChat")
    case .irssi: return last.contains("[(status)]") && picture.contains("irssi")
    }
  }

  /// Whether it is online in the room.
  func isInRoom(_ picture: TerminalPicture) -> Bool {
    switch kind {
    case .hookup: picture.contains("ONLINE")
    case .weechat, .irssi:
      (max(0, picture.rows - 2)..<picture.rows).contains {
        picture.text(row: $0).contains(IRCLines.channel)
      }
    }
  }
}

import ArgumentParser
import HookupEngine

/// What the terminal client costs, beside others.
struct TerminalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tui",
    abstract:
      "Measures hookup-chat on a terminal, beside WeeChat and irssi where they are installed.",
    discussion: """
      Starts each program on a pseudo-terminal of 120x40, ours with a real hookup-chat-server, the others with a small IRC \
      server in this process, and takes: the time to the first whole screen without a server; memory when idle and with \
      many lines in one room; CPU and terminal bytes for each line in a flood and in a lively room; the time from a key \
      to its sign while 500 lines a second come; CPU when nothing happens; the time a new size takes. Prints them beside \
      their budgets. Figures are worth what the build is: swift build -c release.
      """)

  @Flag(help: "Fewer and shorter: for CI.")
  var short = false

  @Flag(help: "Exit code 1 when a budget is missed.")
  var strict = false

  @Option(help: "Lines in the room in the end.")
  var lines: Int?

  @Option(
    help: ArgumentHelp(
      "A program: hookup-chat, weechat, irssi; several may be given. Default: all.",
      valueName: "name"))
  var only: [ChatProgram.Kind] = []

  func validate() throws {
    if let lines { try require(1_000...1_000_000, lines, "lines") }
  }

  func run() async throws {
    var effort = short ? TerminalTrial.Effort.short : TerminalTrial.Effort()
    if let lines { effort.roomLines = lines }
    let watchdog = Watchdog(limit: .seconds(short ? 240 : 900))
    defer { watchdog.cancel() }
    do {
      let place = try TorturePlace()
      defer {
        place.killAll()
        place.remove()
      }
      let run = TerminalRun(place: place, effort: effort)
      var columns: [(name: String, figures: TerminalFigures)] = []
      for kind in ChatProgram.Kind.allCases where only.isEmpty || only.contains(kind) {
        guard let column = try await run.measure(kind) else {
          Streams.line("\(kind.rawValue) is not installed: no column for it")
          continue
        }
        columns.append(column)
      }
      let table = TerminalTable(
        budgets: TerminalBudget.all(lines: effort.roomLines, lively: effort.livelyRate),
        columns: columns)
      Streams.write(table.text, to: 1)
      guard !table.missed.isEmpty else { return }
      Streams.line("missed: " + table.missed.map { $0.drop { $0 == " " } }.joined(separator: "; "))
      if strict { throw ExitCode(1) }
    } catch let error as HookupError {
      Streams.complain(error.message)
      throw ExitCode(1)
    }
  }
}

extension ChatProgram.Kind: ExpressibleByArgument {}

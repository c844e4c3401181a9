import ArgumentParser

/// Measures WebSocket servers, and serves to be measured.
@main
struct HookupBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hookup-bench",
    abstract: "Measures WebSocket servers, and serves to be measured.",
    discussion: """
      Each load opens connections to a ws:// or wss:// URL, warms up, measures for a while and prints messages \
      a second, latencies and errors. With --pid it also prints what the server used: CPU-seconds, memory and \
      messages per CPU-second, the figure that holds on a noisy machine. The exit code is 0 when nothing went \
      wrong and 1 otherwise.
      """,
    subcommands: [
      EchoCommand.self, FanoutCommand.self, AckedCommand.self, IdleCommand.self,
      ConnectCommand.self, SoakCommand.self, JournalCommand.self, ResumeCommand.self,
      ServeCommand.self, AutobahnCommand.self, ProxyCommand.self, SimulateCommand.self,
      TortureCommand.self, RestartCommand.self, ChatSpeedCommand.self, TerminalCommand.self,
    ])
}

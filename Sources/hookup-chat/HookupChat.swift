import ArgumentParser
import HookupCore
import HookupEngine

/// The program: the screen by default, and its twins for scripts.
@main
struct HookupChat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hookup-chat",
    abstract: "Chat in a terminal over bad links, and see where each message is.",
    discussion: """
      Start it with no server there: you can read, write, quit and start again; what you wrote is still queued, and goes \
      out once the server is back.
      """,
    subcommands: [
      ScreenCommand.self, SendCommand.self, TailCommand.self, ManualCommand.self,
    ],
    defaultSubcommand: ScreenCommand.self)

  static func main() async {
    // On the main thread still.
    TerminalCrashGuard.useSignalStack()
    let arguments = WaitOption.spelledOut(Array(CommandLine.arguments.dropFirst()))
    do {
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error as HookupError {
      StandardError.write("hookup-chat: \(error.message)\n")
      exit(withError: ExitCode.failure)
    } catch {
      exit(withError: error)
    }
  }
}

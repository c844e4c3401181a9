import ArgumentParser
import HookupEngine

/// The chat server as a program, and what its operator does with its data.
@main
struct ChatServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hookup-chat-server",
    abstract: "Serves the chat: rooms with durable history, over WebSockets.",
    discussion: """
      Without a subcommand it serves; 'hookup-chat-server help serve' lists the flags. Exit status: 0, or 1 with one sentence \
      on standard error, or 64 for a wrong flag.
      """,
    subcommands: [
      ServeCommand.self, BackupCommand.self, RestoreCommand.self, CheckCommand.self,
      ExportCommand.self, AdminCommand.self, ManualCommand.self,
    ],
    defaultSubcommand: ServeCommand.self)
}

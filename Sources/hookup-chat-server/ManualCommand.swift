import ArgumentParser
import Glibc
import HookupEngine
import HookupManual

/// `hookup-chat-server manual`: the man page, made of what the program knows of itself. For packagers, so not in the help.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual",
    abstract: "Print the man page: hookup-chat-server manual > hookup-chat-server.8",
    shouldDisplay: false)

  func run() throws {
    do throws(HookupError) {
      let date = ManualPage.date(
        now: wallClockMilliseconds(),
        sourceDateEpoch: getenv("SOURCE_DATE_EPOCH").map { String(cString: $0) })
      try StandardStreams.print(try Self.page().text(milliseconds: date))
    } catch {
      throw StandardStreams.failure(error)
    }
  }

  /// - Throws: ``HookupError/Code/invalidArgument`` when the argument parser describes the program otherwise than before.
  static func page() throws(HookupError) -> ManualPage {
    try ManualPage(
      dump: ChatServerCommand._dumpHelp(), section: 8, sample: ConfigurationFile.sample,
      settingsText: """
        Flags win over variables, variables over the file that --config names, the file over the defaults.
        A setting that does not exist, or a value that is not allowed, keeps the server from starting and is named.
        Each setting is a variable too: 'text-bytes' of [limits] is HOOKUP_SERVER_LIMITS_TEXT_BYTES; a list is written with commas.
        Without --config no file is read.
        """,
      sections: [
        ManualPage.Section(
          "SIGNALS",
          entries: [
            .init(
              term: "SIGTERM, SIGINT",
              text: "End in good order: who is connected is asked to come back."),
            .init(term: "SIGHUP", text: "Read the configuration and the certificates again."),
          ]),
        ManualPage.Section(
          "ENVIRONMENT",
          entries: [
            .init(
              term: ConfigurationFile.variablePrefix + "*",
              text: "The settings, see CONFIGURATION."),
            .init(
              term: "XDG_DATA_HOME",
              text: "Where hookup, the directory of the rooms, is. Default: ~/.local/share."),
          ]),
        ManualPage.Section(
          "FILES",
          entries: [
            .init(
              term: "$XDG_DATA_HOME/hookup/chat.sqlite",
              text: "Rooms, people and their sessions; --data chooses another directory. "
                + "A copy of the file alone is no backup: see the command backup."),
            .init(
              term: "$XDG_DATA_HOME/hookup/admin.sock",
              text: "Where the command admin speaks to the server that runs."),
          ]),
        ManualPage.Section(
          "EXIT STATUS",
          entries: [
            .init(term: "0", text: "All is done."),
            .init(
              term: "1", text: "It could not be done; one sentence on standard error says why."),
            .init(term: "64", text: "A flag or an argument is wrong."),
          ]),
        ManualPage.Section(
          "EXAMPLES",
          entries: [
            .init(
              term: "hookup-chat-server --print-config > hookup.toml",
              text: "A configuration to begin with."),
            .init(
              term: "hookup-chat-server --config hookup.toml --check-config",
              text: "Say what is wrong with it, before anything is stopped for it."),
            .init(
              term: "hookup-chat-server --generate-completion-script zsh",
              text: "Print the completions for zsh; bash and fish are known too."),
          ]),
      ])
  }
}

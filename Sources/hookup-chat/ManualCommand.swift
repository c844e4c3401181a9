import ArgumentParser
import HookupConfiguration
import HookupEngine
import HookupManual
import HookupTUI

/// `hookup-chat manual`: the man page, made of what the program knows of itself. For packagers, so not in the help.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Print the man page: hookup-chat manual > hookup-chat.1",
    shouldDisplay: false)

  func run() throws {
    let date = ManualPage.date(
      now: wallClockMilliseconds(),
      sourceDateEpoch: TerminalProcess.environment("SOURCE_DATE_EPOCH"))
    print(try Self.page().text(milliseconds: date), terminator: "")
  }

  /// - Throws: ``HookupError/Code/invalidArgument`` when the argument parser describes the program otherwise than before.
  static func page() throws(HookupError) -> ManualPage {
    try ManualPage(
      dump: HookupChat._dumpHelp(), section: 1, sample: ChatSettings.sample,
      settingsText: """
        Flags win over variables, variables over the profile, the profile over the file, the file over the defaults.
        The file is TOML: $XDG_CONFIG_HOME/hookup/chat.toml, else ~/.config/hookup/chat.toml, or as --config says.
        A setting that does not exist, or a value that is not allowed, is named with its place, and the program ends.
        Each setting is a variable too: 'password-file' is HOOKUP_CHAT_PASSWORD_FILE; a list is written with commas.
        """,
      sections: [
        ManualPage.Section(
          "KEYS", entries: HelpTable.keys.map { .init(term: $0.name, text: $0.meaning) }),
        ManualPage.Section(
          "SLASH COMMANDS",
          "Any unique beginning of a name will do; // begins a text with a slash.",
          entries: HelpTable.commands.map { .init(term: $0.name, text: $0.meaning) }),
        plain, environment, files, exitStatus, examples,
      ])
  }

  private static let plain = ManualPage.Section(
    "LINES AND JSON",
    """
    Without a terminal at standard input or output, or with --plain, the chat is lines. \
    What is written is said, or done when it begins with a slash. \
    Each event is one line: the time, the room, who in angle brackets, the text.
    With --json each event is one JSON object a line, with 'kind' and, as far as they apply, 'text', 'time', 'room', 'from', \
    'offset'. The state of an own message is {"kind":"state","state":"queued|sent|stored|failed","id":"...","room":"..."} \
    with 'offset' or 'reason'.
    Input is {"text":"..."} or {"command":"/join #ops"}; with "room" it goes to that room, and so does what follows.
    """)

  private static let environment = ManualPage.Section(
    "ENVIRONMENT",
    entries: [
      .init(
        term: SettingNames.variable("*", prefix: ChatSettings.variablePrefix),
        text: "The settings, see CONFIGURATION."),
      .init(
        term: SettingNames.variable("profile", prefix: ChatSettings.variablePrefix),
        text: "The profile, as --profile says it."),
      .init(
        term: "XDG_CONFIG_HOME",
        text: "Where hookup/chat.toml and hookup/themes are. Default: ~/.config."),
      .init(
        term: "XDG_STATE_HOME",
        text:
          "Where hookup/chat, with a directory for each nick at each server, and hookup/crash are. "
          + "Default: ~/.local/state."),
      .init(
        term: "XDG_DATA_HOME",
        text: "Where hookup, the rooms of --serve, is. Default: ~/.local/share."),
      .init(term: "NO_COLOR", text: "Set and not empty: no colours."),
      .init(term: "VISUAL, EDITOR", text: "What a draft is edited with. Default: vi."),
      .init(term: "USER, LOGNAME", text: "The nick, when nothing else says it."),
    ])

  private static let files = ManualPage.Section(
    "FILES",
    entries: [
      .init(
        term: "$XDG_CONFIG_HOME/hookup/chat.toml",
        text: "The configuration. --init writes one to begin with."),
      .init(
        term: "$XDG_CONFIG_HOME/hookup/themes/NAME.theme",
        text: "A theme, chosen by its name before one that is compiled in."),
      .init(
        term: "$XDG_STATE_HOME/hookup/chat/NICK@SERVER/",
        text: "What is kept of one nick at one server, mode 0700; --data chooses another place. "
          + "outbox holds what is not stored yet, history.sqlite the rooms, screen the windows and drafts, client the id, "
          + "token the login of this device. One program at a time writes there."),
      .init(
        term: "$XDG_STATE_HOME/hookup/hookup-chat.log",
        text: "What would have gone to standard error while the screen was up."),
      .init(
        term: "$XDG_STATE_HOME/hookup/crash/",
        text: "A report for each crash: the signal, and the calls that led to it."),
    ])

  private static let exitStatus = ManualPage.Section(
    "EXIT STATUS",
    entries: [
      .init(term: "0", text: "All is done; with --plain and --json all that was said is stored."),
      .init(term: "1", text: "It could not be done; one sentence on standard error says why."),
      .init(
        term: "2", text: "Some of what was said is still queued; it goes out with the next run."),
      .init(term: "3", text: "Some of what was said was refused."),
      .init(term: "64", text: "A flag or an argument is wrong."),
    ])

  private static let examples = ManualPage.Section(
    "EXAMPLES",
    entries: [
      .init(term: "hookup-chat --serve", text: "A first minute without any set-up."),
      .init(
        term: "hookup-chat --profile work",
        text: "The server, the nick and the room of [profile.work] in the configuration."),
      .init(
        term: "printf 'backup done\\n' | hookup-chat --plain --room ops",
        text: "Say it, and end with status 0 when it is stored."),
      .init(
        term: "hookup-chat --generate-completion-script bash",
        text: "Print the completions for bash; zsh and fish are known too."),
    ])
}

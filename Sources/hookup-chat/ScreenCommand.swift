import ArgumentParser
import Glibc
import HookupCore
import HookupEngine
import HookupTUI

/// `hookup-chat`: the screen.
struct ScreenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "screen", abstract: "The chat on the whole terminal (the default).")

  @OptionGroup var options: ChatOptions

  @Option(
    help: "The room to begin in: ops, or @bob for a person. Default: where you were last, or lobby."
  )
  var room: RoomName?

  @Flag(help: "Host a server in this process, and chat on it: a first minute without any set-up.")
  var serve = false

  @Flag(help: "Lines instead of a screen: one for each event, commands as on the screen.")
  var plain = false

  @Flag(help: "The same as one JSON object a line, in and out.")
  var json = false

  @Flag(help: "Draw lines and marks in ASCII.")
  var ascii = false

  @Flag(help: "Use no colours; so does a NO_COLOR in the environment.")
  var noColor = false

  @Option(help: "The colours: dark, light, contrast, mono, or a file of your own.")
  var theme: String?

  @Flag(name: .customLong("init"), help: "Write a configuration file to begin with, and end.")
  var writesConfiguration = false

  @Flag(help: "Print a configuration file with every setting, and end.")
  var printConfig = false

  func run() async throws {
    if printConfig { return print(ChatSettings.sample, terminator: "") }
    if writesConfiguration { return try ConfigurationWriter.write(to: options.config) }
    var resolved = try options.resolved()
    if let room { resolved.settings.room = room }
    if let theme { resolved.settings.theme = theme }
    if ascii { resolved.settings.isASCII = true }
    if noColor { resolved.settings.color = .mono }
    let hasTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    let style: PlainChat.Style? = json ? .json : plain || !hasTerminal ? .text : nil
    if style != nil, !plain, !json {
      StandardError.write("hookup-chat: no terminal, so lines as with --plain\n")
    }
    let final = resolved
    guard serve else { return try await chat(final, at: final.url, style) }
    try await EmbeddedServer.run(for: final.url) { url in try await chat(final, at: url, style) }
  }

  private func chat(
    _ options: ResolvedOptions, at url: String, _ style: PlainChat.Style?
  ) async throws {
    if let style {
      return try await PlainChat(options: options, url: url, style: style).run()
    }
    try await chatOnScreen(options, at: url)
  }

  private func chatOnScreen(_ options: ResolvedOptions, at url: String) async throws {
    let settings = options.settings
    var terminalOptions = TerminalOptions()
    terminalOptions.colours = settings.color != .mono
    terminalOptions.onlyBasicColours = settings.color == .basic
    terminalOptions.theme = try ThemeFile.theme(settings.theme)
    terminalOptions.mouse = settings.mouse
    terminalOptions.notifies = settings.notify.contains("osc9")
    var configuration = try options.clientConfiguration()
    // A server that refuses is a state on the screen, not an exit.
    configuration.client.staysAfterGivingUp = true
    let memory = ScreenMemory(directory: try options.directory(), nick: options.nick)
    configuration.history = memory.history
    let changes = ChangeSignal()
    // Both wait for the disk: the one while the other does.
    async let remembered = memory.beginning(at: settings.room)
    let client = try ChatClient(url, configuration: configuration, logger: .quiet) {
      changes.mark()
    }
    let beginning = await remembered
    for join in beginning.joins { client.join(join.room, since: join.since) }
    let screenOptions = settings.screenOptions(device: configuration.device)
    let feed = TerminalFeed()
    // Without the password that may be in it.
    let shown = try WebSocketURL(url).description
    let screen = ChatScreen(
      nick: options.nick, rooms: beginning.opened, server: shown, options: screenOptions)
    let session = ScreenSession(
      client: client, feed: feed,
      notifier: settings.notify.contains("command")
        ? NotifyCommand(settings.notifyCommand) : nil)
    let (screens, keep) = AsyncStream<SavedScreen>.makeStream(
      bufferingPolicy: .bufferingNewest(1))
    var app = TerminalApp(screen: screen, feed: feed, options: terminalOptions) { effect in
      await session.perform(effect)
    }
    app.beginning = beginning.events
    app.keep = { keep.yield($0) }
    try await withThrowingTaskGroup(of: Void.self) { [app] group in
      group.addTask { await memory.keep(screens) }
      group.addTask { await session.forward(memory.problems) }
      group.addTask {
        await session.runClient()
        await memory.close()
      }
      group.addTask { await session.forwardUpdates() }
      group.addTask { await session.forwardSnapshots(changes) }
      defer {
        client.close()
        changes.finish()
        keep.finish()
      }
      _ = try await app.run()
    }
  }
}

extension ChatSettings {
  func screenOptions(device: String) -> ScreenOptions {
    var options = ScreenOptions()
    options.unicode = !isASCII
    options.bell = bell
    options.device = device
    options.tellsTyping = typing
    options.mouse = mouse
    options.hiddenPanes = hiddenPanes
    return options
  }
}

extension RoomName {
  /// Where everybody begins. "lobby" is a room name.
  static var lobby: RoomName { (try? RoomName("lobby"))! }
}

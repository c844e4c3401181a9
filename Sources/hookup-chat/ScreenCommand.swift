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

  @Flag(help: "Draw lines and marks in ASCII.")
  var ascii = false

  @Flag(help: "Use no colours; so does a NO_COLOR in the environment.")
  var noColor = false

  func run() async throws {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
      throw HookupError(
        .invalidArgument,
        "no terminal: run hookup-chat in one, or use 'hookup-chat send' and 'hookup-chat tail' in scripts"
      )
    }
    guard serve else { return try await chat(at: options.url) }
    try await EmbeddedServer.run(for: options.url) { url in try await chat(at: url) }
  }

  private func chat(at url: String) async throws {
    var configuration = try options.clientConfiguration()
    // A server that refuses is a state on the screen, not an exit.
    configuration.client.staysAfterGivingUp = true
    let memory = ScreenMemory(directory: try options.directory(), nick: options.nick)
    configuration.history = memory.history
    let changes = ChangeSignal()
    // Makes and locks the profile.
    let client = try ChatClient(url, configuration: configuration, logger: .quiet) {
      changes.mark()
    }
    let beginning = await memory.beginning(at: room)
    for join in beginning.joins { client.join(join.room, since: join.since) }
    var screenOptions = ScreenOptions()
    screenOptions.unicode = !ascii
    screenOptions.device = configuration.device
    var terminalOptions = TerminalOptions()
    terminalOptions.colours = !noColor
    let feed = TerminalFeed()
    // Without the password that may be in it.
    let shown = try WebSocketURL(url).description
    let screen = ChatScreen(
      nick: options.nick, rooms: beginning.opened, server: shown, options: screenOptions)
    let session = ScreenSession(client: client, feed: feed)
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

extension RoomName {
  /// Where everybody begins. "lobby" is a room name.
  static var lobby: RoomName { (try? RoomName("lobby"))! }
}

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

  @Option(help: "The room to begin in: ops, or @bob for a person.")
  var room: RoomName = .lobby

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
    let changes = ChangeSignal()
    let client = try ChatClient(url, configuration: configuration, logger: .quiet) {
      changes.mark()
    }
    client.join(room)
    var screenOptions = ScreenOptions()
    screenOptions.unicode = !ascii
    screenOptions.device = configuration.device
    var terminalOptions = TerminalOptions()
    terminalOptions.colours = !noColor
    let feed = TerminalFeed()
    // Without the password that may be in it.
    let shown = try WebSocketURL(url).description
    let screen = ChatScreen(
      nick: options.nick, rooms: [room], server: shown, options: screenOptions)
    let session = ScreenSession(client: client, feed: feed)
    let app = TerminalApp(screen: screen, feed: feed, options: terminalOptions) { effect in
      await session.perform(effect)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await session.runClient() }
      group.addTask { await session.forwardUpdates() }
      group.addTask { await session.forwardSnapshots(changes) }
      defer {
        client.close()
        changes.finish()
      }
      _ = try await app.run()
    }
  }
}

extension RoomName {
  /// Where everybody begins. "lobby" is a room name.
  static var lobby: RoomName { (try? RoomName("lobby"))! }
}

/// The link between the chat client and the screen, in both directions.
struct ScreenSession: Sendable {
  /// How often the panes' numbers are fetched at most.
  private static let snapshotInterval = Duration.milliseconds(100)
  /// Rows of the acks pane that are ever shown.
  private static let pendingRows = 64

  let client: ChatClient
  let feed: TerminalFeed

  func runClient() async {
    do {
      try await client.run()
    } catch {
      await feed.chat.send(.notice("the client has ended: \(error)"))
    }
  }

  func forwardUpdates() async {
    for await update in client.updates { await feed.chat.send(update) }
  }

  /// Publishes how link, acks and backlog stand: at once when something changed after a pause, else ten times a second.
  func forwardSnapshots(_ changes: ChangeSignal) async {
    for await _ in changes.stream {
      let snapshot = await client.snapshot(pendingAcks: Self.pendingRows)
      feed.link.publish(snapshot.link)
      feed.pending.publish(snapshot.pendingAcks)
      feed.backlog.publish(snapshot.backlog)
      try? await Task.sleep(for: Self.snapshotInterval)
    }
  }

  func perform(_ effect: ScreenEffect) async {
    do {
      switch effect {
      case .say(let room, let text): try await client.say(text, in: room)
      case .join(let room): client.join(room)
      case .part(let room): client.part(room)
      case .setTopic(let room, let text): try await client.setTopic(text, of: room)
      case .speak(let room, let act):
        try await client.say(act.text, in: room, as: act.kind, replyingTo: act.ref)
      case .act(let room, let act): try await client.perform(act, in: room)
      case .ask(let command): client.ask(command)
      case .logIn(let password): client.logIn(password: password)
      case .requestMembers(let room): client.requestMembers(of: room)
      case .requestRooms: client.requestRooms()
      case .reconnect: client.reconnect()
      case .setOnline(true): client.reconnect()
      case .setOnline(false): client.goOffline()
      case .bell, .redraw, .suspend, .quit: break
      }
    } catch {
      await feed.chat.send(.notice("not taken: \(error)"))
    }
  }
}

/// Says that something changed, without saying what: many marks before one look are one mark.
struct ChangeSignal: Sendable {
  let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func mark() { continuation.yield() }
  func finish() { continuation.finish() }
}

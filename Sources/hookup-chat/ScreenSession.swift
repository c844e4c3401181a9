import HookupCore
import HookupEngine
import HookupTUI

/// The link between the chat client and the screen, in both directions.
struct ScreenSession: Sendable {
  /// How often the panes' numbers are fetched at most.
  static let snapshotInterval = Duration.milliseconds(100)
  /// Rows of the acks pane that are ever shown.
  private static let pendingRows = 64

  let client: ChatClient
  let feed: TerminalFeed
  /// A program that hears of messages that want to be seen.
  var notifier: NotifyCommand?

  func runClient() async {
    do {
      try await client.run()
    } catch {
      await feed.chat.send(.notice("the client has ended: \(error)"))
    }
  }

  func forward(_ problems: AsyncStream<String>) async {
    for await problem in problems { await feed.chat.send(.notice(problem)) }
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
      case .notify(let notification): notifier?.notify(notification)
      case .export(let name, let lines):
        let path = try ExportedFile.write(name, lines)
        await feed.chat.send(.notice("\(lines.count) lines are in \(path)"))
      default: try await Self.perform(effect, by: client)
      }
    } catch {
      await feed.chat.send(.notice("not taken: \(error)"))
    }
  }

  /// What an effect means for the client; nothing for those that concern the terminal.
  static func perform(_ effect: ScreenEffect, by client: ChatClient) async throws {
    switch effect {
    case .say(let room, let text): try await client.say(text, in: room)
    case .withdraw(let id): try await client.withdraw(id)
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
    case .read(let room, let offset): client.ask(.read(room, offset: offset))
    case .fetchHistory(let room, let offset): client.fetchHistory(of: room, before: offset)
    case .notify, .export, .edit, .setMouse, .setTheme, .showPlain, .bell, .redraw, .suspend, .quit:
      break
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

import ArgumentParser
import Glibc
import HookupCore
import HookupEngine
import HookupTUI

/// The chat in lines: what comes is printed, what is written is said, and commands are those of the screen. It is the
/// screen's value without a terminal.
struct PlainChat: Sendable {
  enum Style: Sendable {
    case text
    case json
  }

  /// How long what was said, now or in an earlier run, may still take to be stored when the input has ended. Less gives up
  /// on slow links; more keeps a script waiting for a server that is not there.
  private static let patience = Duration.seconds(5)

  let options: ResolvedOptions
  let url: String
  let style: Style

  /// Ends with the input: exit status 0 when all that was said is stored, 2 when some is still queued, 3 when some was
  /// refused.
  func run() async throws {
    var configuration = try options.clientConfiguration()
    configuration.client.staysAfterGivingUp = true
    let changes = ChangeSignal()
    let client = try ChatClient(url, configuration: configuration, logger: .quiet) {
      changes.mark()
    }
    let room = options.settings.room ?? .lobby
    let printer = PlainPrinter(
      screen: ChatScreen(
        nick: options.nick, rooms: [room],
        options: options.settings.screenOptions(device: configuration.device)), style: style)
    client.join(room)
    let session = PlainSession(client: client, printer: printer)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await client.run() }
      group.addTask {
        for await update in client.updates {
          // By now the link is up: seen in any case, however soon it goes again.
          if case .joined = update { try printer.take(await client.snapshot()) }
          try await session.perform(printer.take(update))
        }
      }
      group.addTask {
        for await _ in changes.stream {
          try printer.take(await client.snapshot())
          try? await Task.sleep(for: ScreenSession.snapshotInterval)
        }
      }
      group.addTask {
        let input = InputLines()
        while !printer.hasQuit, let lines = await input.next() {
          for line in lines where !printer.hasQuit {
            // What /pending and the like show is what is so now.
            if line.contains("/") { try printer.take(await client.snapshot()) }
            try await session.perform(printer.enter(line))
          }
        }
        await printer.waitUntilSettled(atMost: Self.patience)
        if printer.exitStatus != 2 { await client.drained(atMost: .seconds(2)) }
        printer.end()
        changes.finish()
        client.close()
      }
      try await group.waitForAll()
    }
    let status = printer.exitStatus
    if status != 0 { throw ExitCode(status) }
  }
}

/// Carries out what the lines ask for: the same as on the screen.
private struct PlainSession: Sendable {
  let client: ChatClient
  let printer: PlainPrinter

  func perform(_ effects: [ScreenEffect]) async throws {
    for effect in effects {
      switch effect {
      // Nobody looks at a terminal, so nothing is read and nothing is to be seen.
      case .read, .bell, .notify, .redraw, .suspend, .setMouse, .setTheme, .edit: break
      case .showPlain(let lines): try printer.show(lines)
      case .quit: printer.quit()
      default:
        do {
          try await ScreenSession.perform(effect, by: client)
        } catch {
          try printer.tell("not taken: \(error)")
        }
      }
    }
  }
}

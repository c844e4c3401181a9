import Glibc
import HookupCore
import HookupTUI
import Synchronization

/// A program that hears of messages that want to be seen: one JSON object on its standard input, and no word of a message
/// on its command line, where a shell could take it for something else.
///
/// ```json
/// {"room":"#ops","from":"bob","text":"alice: look","mention":true}
/// ```
///
/// One runs at a time: what comes meanwhile is not told. One that takes longer than ``limit`` is ended.
final class NotifyCommand: Sendable {
  /// How long it may run. Shorter ends programs that play a sound; longer leaves out more of what comes meanwhile.
  static let limit = Duration.seconds(5)

  private let words: [String]
  private let isRunning = Mutex(false)

  /// - Parameter words: the program and its arguments; no shell reads them.
  init(_ words: [String]) { self.words = words }

  func notify(_ notification: ScreenNotification) {
    guard !words.isEmpty else { return }
    let isFree = isRunning.withLock { isRunning in
      defer { isRunning = true }
      return !isRunning
    }
    guard isFree else { return }
    // A thread of its own: it waits for another program, which may take its time.
    var thread = pthread_t()
    let run = Unmanaged.passRetained(Run(command: self, json: Self.json(notification)))
    guard pthread_create(&thread, nil, notifyThreadMain, run.toOpaque()) == 0 else {
      run.release()
      return isRunning.withLock { $0 = false }
    }
    pthread_detach(thread)
  }

  static func json(_ notification: ScreenNotification) -> String {
    let value = JSONValue.object([
      "room": .string(notification.room.label), "from": .string(notification.from.text),
      "text": .string(notification.text), "mention": .bool(notification.isMention),
    ])
    // Not nested, so it is always rendered.
    return ((try? JSONText(value))?.text ?? "{}") + "\n"
  }

  fileprivate func finish() { isRunning.withLock { $0 = false } }

  /// Runs the program to its end, or until its time is up.
  fileprivate func run(_ json: String) {
    guard let input = SpawnedProgram.pipe() else { return }
    // Open as long as we write: a program that does not read is no reason for a SIGPIPE.
    defer { close(input.reading) }
    guard let life = SpawnedProgram.pipe() else {
      close(input.writing)
      return
    }
    defer { close(life.reading) }
    let child = try? SpawnedProgram.start(words, inBackground: true) { actions in
      posix_spawn_file_actions_adddup2(&actions, input.reading, 0)
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
      posix_spawn_file_actions_adddup2(&actions, life.writing, 3)
    }
    close(life.writing)
    guard let child else {
      close(input.writing)
      return
    }
    // A JSON object is smaller than a pipe: this does not wait.
    _ = json.withCString { write(input.writing, $0, strlen($0)) }
    close(input.writing)
    // The child holds the other end for as long as it lives.
    var descriptor = pollfd(fd: life.reading, events: Int16(POLLIN), revents: 0)
    if poll(&descriptor, 1, Int32(Self.limit.wholeMilliseconds)) == 0 { kill(child, SIGKILL) }
    _ = SpawnedProgram.wait(for: child)
  }

  fileprivate final class Run {
    let command: NotifyCommand
    let json: String
    init(command: NotifyCommand, json: String) {
      self.command = command
      self.json = json
    }
  }
}

/// A free function, so that the thread's body belongs to no actor.
private func notifyThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  let run = Unmanaged<NotifyCommand.Run>.fromOpaque(context).takeRetainedValue()
  run.command.run(run.json)
  run.command.finish()
  return nil
}

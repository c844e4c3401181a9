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
    var input: [Int32] = [-1, -1]
    var life: [Int32] = [-1, -1]
    guard Self.makePipe(&input) else { return }
    defer { close(input[0]) }
    guard Self.makePipe(&life) else {
      close(input[1])
      return
    }
    defer { close(life[0]) }
    let child = start(input: input[0], life: life[1])
    close(life[1])
    guard let child else {
      close(input[1])
      return
    }
    // A JSON object is smaller than a pipe: this does not wait.
    _ = json.withCString { write(input[1], $0, strlen($0)) }
    close(input[1])
    // The child holds the other end for as long as it lives.
    var descriptor = pollfd(fd: life[0], events: Int16(POLLIN), revents: 0)
    if poll(&descriptor, 1, Int32(Self.limit.wholeMilliseconds)) == 0 { kill(child, SIGKILL) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
  }

  /// Ends that no other program inherits.
  private static func makePipe(_ ends: inout [Int32]) -> Bool {
    guard pipe(&ends) == 0 else { return false }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return true
  }

  private func start(input: Int32, life: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, life, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    // A group of its own, in the background: it must not read keys, nor be hit by ^C.
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let failure = posix_spawnp(&child, words[0], &actions, &attributes, &arguments, environ)
    return failure == 0 ? child : nil
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

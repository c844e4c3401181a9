import Glibc
import HookupEngine
import Synchronization

/// A program that was started, in a process group of its own.
final class ChildProcess: Sendable {
  /// How a process ended.
  enum End: Hashable, Sendable {
    case exit(Int32)
    case signal(Int32)
  }

  /// Where standard output goes.
  enum Output {
    /// Appended to this file.
    case file(String)
    /// Kept as a descriptor to read from: ``ChildProcess/output``.
    case pipe
  }

  let pid: pid_t
  /// To write to standard input, without blocking; nil when that is empty. Closed when this is let go.
  let input: OwnedDescriptor?
  /// To read standard output from; nil when that goes to a file.
  let output: OwnedDescriptor?

  private struct State {
    var end: End?
    var waiters: [CheckedContinuation<End, Never>] = []
  }

  /// `posix_spawn_file_actions_addclosefrom_np`: a socket that a child keeps open would not end when this process closes
  /// it. The headers show it to GNU sources only, so it is looked up; C libraries before glibc 2.34 lack it.
  static let closeTheRest = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
    unsafeBitCast(
      $0,
      to: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32).self)
  }

  private let state = Mutex(State())

  /// - Parameters:
  ///   - takesInput: whether standard input is a pipe; else it is empty.
  ///   - errors: the file that standard error is appended to.
  /// - Throws: ``HookupError/Code/storage`` when it cannot be started.
  init(
    _ program: String, _ arguments: [String], environment: [String], takesInput: Bool = false,
    output: Output, errors: String
  ) throws(HookupError) {
    let input = takesInput ? try Self.pipe() : nil
    var results: (reading: OwnedDescriptor, writing: OwnedDescriptor)?
    if case .pipe = output { results = try Self.pipe() }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input.reading.number, STDIN_FILENO)
    } else {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    }
    let appending = O_WRONLY | O_CREAT | O_APPEND
    switch output {
    case .file(let path):
      posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path, appending, 0o600)
    case .pipe:
      if let results {
        posix_spawn_file_actions_adddup2(&actions, results.writing.number, STDOUT_FILENO)
      }
    }
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, appending, 0o600)
    _ = Self.closeTheRest?(&actions, STDERR_FILENO + 1)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // What this process ignores, the program must not.
    for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var pid = pid_t()
    let failure = Self.withStrings([program] + arguments) { arguments in
      Self.withStrings(environment) { environment in
        posix_spawn(&pid, program, &actions, &attributes, arguments, environment)
      }
    }
    guard failure == 0 else {
      throw HookupError(
        .storage, "'\(program)' cannot be started: \(String(cString: strerror(failure)))")
    }
    self.pid = pid
    self.input = input?.writing
    self.output = results?.reading
    if let input { _ = fcntl(input.writing.number, F_SETFL, O_NONBLOCK) }
    guard OwnThread.run({ self.waitForIt() }) else {
      kill(-pid, SIGKILL)
      waitForIt()
      throw HookupError(.storage, "'\(program)' cannot be waited for: no thread is left")
    }
  }

  /// Its end, when it comes.
  func waitForEnd() async -> End {
    await withCheckedContinuation { continuation in
      let end = state.withLock { state in
        if state.end == nil { state.waiters.append(continuation) }
        return state.end
      }
      if let end { continuation.resume(returning: end) }
    }
  }

  var hasEnded: Bool { state.withLock { $0.end != nil } }

  /// Sends a signal to it and to all that it started; nothing once it has ended, for its number may be another's.
  func signal(_ number: Int32) {
    state.withLock { state in
      if state.end == nil { _ = kill(-pid, number) }
    }
  }

  private func waitForIt() {
    var information = siginfo_t()
    // It stays a zombie, and its number its own, until the state says that it has ended.
    while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    let (end, waiters) = state.withLock { state in
      // What it started must not outlive it.
      _ = kill(-pid, SIGKILL)
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      // wait(2): the low seven bits are the signal, 0 for an exit.
      let end: End = status & 0x7F == 0 ? .exit((status >> 8) & 0xFF) : .signal(status & 0x7F)
      state.end = end
      defer { state.waiters = [] }
      return (end, state.waiters)
    }
    for waiter in waiters { waiter.resume(returning: end) }
  }

  private static func pipe() throws(HookupError) -> (
    reading: OwnedDescriptor, writing: OwnedDescriptor
  ) {
    var numbers: [Int32] = [-1, -1]
    guard Glibc.pipe(&numbers) == 0 else {
      throw HookupError(.storage, "no pipe: \(String(cString: strerror(errno)))")
    }
    for number in numbers { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    return (OwnedDescriptor(numbers[0]), OwnedDescriptor(numbers[1]))
  }

  private static func withStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}

/// A descriptor that is closed when nobody holds it any more, or before.
final class OwnedDescriptor: Sendable {
  private let held: Mutex<Int32>

  init(_ number: Int32) { held = Mutex(number) }

  /// -1 once it is closed.
  var number: Int32 { held.withLock { $0 } }

  func close() {
    held.withLock { number in
      if number >= 0 { Glibc.close(number) }
      number = -1
    }
  }

  deinit { close() }
}

extension ChildProcess.End: CustomStringConvertible {
  var description: String {
    switch self {
    case .exit(let status): "ended with \(status)"
    case .signal(let number): "died of signal \(number)"
    }
  }
}

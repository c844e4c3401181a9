import Glibc
import HookupEngine

/// A program on a pseudo-terminal of its own, whose output is followed: what it shows, how many bytes that took, and when.
///
/// Used by one thread at a time; hence `@unchecked Sendable`. It answers what terminals are asked (DA, DSR).
final class TerminalDevice: @unchecked Sendable {
  private(set) var picture: TerminalPicture
  /// Bytes the program has written.
  private(set) var bytes = 0
  /// When the last of them came.
  private(set) var lastByteAt = MonotonicInstant.now
  private(set) var startedAt = MonotonicInstant.now
  private(set) var pid: pid_t = 0
  /// Whether everything that came is kept in ``transcript``.
  var keepsTranscript = false
  private(set) var transcript: [UInt8] = []

  private var master: Int32 = -1
  private let slavePath: String
  private var isEnded = false
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  /// - Throws: ``HookupError/Code/storage`` when the system has no terminal left.
  init(columns: Int, rows: Int) throws(HookupError) {
    picture = TerminalPicture(columns: columns, rows: rows)
    // What posix_openpt, unlockpt and ptsname do; Glibc's module does not show them. <asm-generic/ioctls.h>
    let (lock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)  // TIOCSPTLCK, TIOCGPTN
    var (unlocked, index): (Int32, Int32) = (0, 0)
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0, ioctl(master, lock, &unlocked) == 0, ioctl(master, number, &index) == 0
    else {
      throw HookupError(
        .storage, "there is no pseudo-terminal to be had: \(String(cString: strerror(errno)))")
    }
    slavePath = "/dev/pts/\(index)"
    setSize(columns, rows)
  }

  deinit { end() }

  private func setSize(_ columns: Int, _ rows: Int) {
    var size = winsize()
    size.ws_col = UInt16(clamping: columns)
    size.ws_row = UInt16(clamping: rows)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  /// Starts a program as the leader of a session whose terminal this is.
  /// - Throws: ``HookupError/Code/storage``.
  func start(_ path: String, _ arguments: [String], environment: [String]) throws(HookupError) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, slavePath, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    _ = ChildProcess.closeTheRest?(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80  // POSIX_SPAWN_SETSID
    posix_spawnattr_setflags(&attributes, Int16(flags))
    let argv = ([path] + arguments).map { strdup($0) } + [nil]
    let envp = environment.map { strdup($0) } + [nil]
    defer { for string in argv + envp { free(string) } }
    startedAt = .now
    let failure = posix_spawn(&pid, path, &actions, &attributes, argv, envp)
    guard failure == 0 else {
      throw HookupError(
        .storage, "'\(path)' cannot be started: \(String(cString: strerror(failure)))")
    }
  }

  /// Sets the size; the program on it is told by SIGWINCH.
  func resize(columns: Int, rows: Int) {
    picture.resize(columns: columns, rows: rows)
    setSize(columns, rows)
  }

  func type(_ text: String) { write(Array(text.utf8)) }

  private func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(master, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  // MARK: - Following it

  /// Follows the program until `isThere`; returns when the bytes that made it so were read.
  /// - Throws: ``HookupError/Code/ackTimeout`` with the screen, when that does not come within `limit`.
  @discardableResult
  func wait(
    for what: String, within limit: Duration = .seconds(30), _ isThere: (TerminalPicture) -> Bool
  ) throws(HookupError) -> MonotonicInstant {
    let deadline = MonotonicInstant.now + limit
    if isThere(picture) { return .now }
    while deadline > .now {
      guard read(until: deadline) else { break }
      if isThere(picture) { return lastByteAt }
    }
    throw HookupError(.ackTimeout, "the terminal never showed \(what), but:\n\(picture.text)")
  }

  /// Follows it for a time.
  func follow(for time: Duration) {
    let deadline = MonotonicInstant.now + time
    while deadline > .now { _ = read(until: deadline) }
  }

  /// Follows it until it has written nothing for `quiet`, at most for `limit`.
  func settle(quiet: Duration, within limit: Duration = .seconds(30)) {
    let deadline = MonotonicInstant.now + limit
    while deadline > .now {
      guard read(until: min(deadline, .now + quiet)) else { return }
    }
  }

  /// One read; false when nothing came until the deadline.
  private func read(until deadline: MonotonicInstant) -> Bool {
    var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    let left = MonotonicInstant.now.duration(to: deadline)
    guard left > .zero else { return false }
    let milliseconds = (left.components.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    let timeout = Int32(clamping: left.components.seconds * 1_000 + milliseconds)
    guard poll(&descriptor, 1, timeout) > 0 else { return false }
    let count = buffer.withUnsafeMutableBytes { Glibc.read(master, $0.baseAddress, $0.count) }
    // EIO: nobody has the terminal open any more.
    guard count > 0 else { return false }
    lastByteAt = .now
    bytes += count
    picture.receive(buffer[..<count])
    if keepsTranscript { transcript += buffer[..<count] }
    if !picture.answers.isEmpty {
      write(picture.answers)
      picture.answers = []
    }
    return true
  }

  // MARK: - What it uses

  /// CPU time of the program since it began, all threads, those that have ended too.
  var cpu: Duration {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
      return .zero
    }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  var memory: ProcMemory? { ProcessProbe(pid: Int(pid)).memory() }

  /// Hangs up, and kills what does not end from that within a second or so.
  func end() {
    guard !isEnded else { return }
    isEnded = true
    if master >= 0 { close(master) }
    master = -1
    guard pid > 0 else { return }
    kill(pid, SIGHUP)
    var status: Int32 = 0
    for _ in 0..<100 where waitpid(pid, &status, WNOHANG) == 0 { usleep(10_000) }
    kill(pid, SIGKILL)
    waitpid(pid, &status, 0)
  }
}

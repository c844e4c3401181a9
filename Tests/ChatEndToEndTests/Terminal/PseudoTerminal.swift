import Glibc
import HookupCore
import HookupEngine

/// A program on a terminal of its own: the test is the person, and reads what comes as bytes.
final class PseudoTerminal {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// How a program ended.
  enum End: Hashable {
    case exited(Int32)
    case signalled(Int32)
  }

  private var master: Int32
  /// Kept open, so that the modes can be read and nothing is lost when the program ends.
  private var slave: Int32
  private let slavePath: String
  private(set) var pid: pid_t = 0
  private var end: End?
  /// Everything the program wrote.
  private(set) var output: [UInt8] = []

  init(columns: Int, rows: Int) throws {
    // What posix_openpt, unlockpt and ptsname do; Glibc's module does not show them. <asm-generic/ioctls.h>
    let (lock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)  // TIOCSPTLCK, TIOCGPTN
    var (unlocked, index): (Int32, Int32) = (0, 0)
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0, ioctl(master, lock, &unlocked) == 0, ioctl(master, number, &index) == 0
    else { throw Failure(description: "no pseudo-terminal to be had: errno \(errno)") }
    slavePath = "/dev/pts/\(index)"
    slave = open(slavePath, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard slave >= 0 else { throw Failure(description: "cannot open \(slavePath)") }
    resize(columns: columns, rows: rows)
  }

  deinit {
    if pid > 0, end == nil {
      kill(pid, SIGKILL)
      var status: Int32 = 0
      waitpid(pid, &status, 0)
    }
    hangUp()
  }

  /// Takes the terminal away from the program.
  func hangUp() {
    guard master >= 0 else { return }
    close(slave)
    close(master)
    (master, slave) = (-1, -1)
  }

  /// Sets the size; the program on it is told by SIGWINCH.
  func resize(columns: Int, rows: Int) {
    var size = winsize()
    size.ws_col = UInt16(columns)
    size.ws_row = UInt16(rows)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  /// The terminal's modes as text, for comparing.
  var modes: String {
    var modes = termios()
    guard tcgetattr(slave, &modes) == 0 else { return "unknown" }
    let flags = [modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag]
    return withUnsafeBytes(of: modes.c_cc) { "\(flags) \(Array($0))" }
  }

  /// Starts a program as the leader of a session whose terminal this is.
  func spawn(_ path: String, _ arguments: [String], environment: [String: String]) throws {
    let setsid: Int32 = 0x80  // POSIX_SPAWN_SETSID
    let (process, failure) = Spawning.start(
      [path] + arguments, environment: environment.map { "\($0)=\($1)" }, flags: setsid
    ) { actions in
      posix_spawn_file_actions_addopen(&actions, 0, slavePath, O_RDWR, 0)
      posix_spawn_file_actions_adddup2(&actions, 0, 1)
      posix_spawn_file_actions_adddup2(&actions, 0, 2)
    }
    pid = process
    guard failure == 0 else { throw Failure(description: "cannot start \(path): \(failure)") }
  }

  func type(_ text: String) {
    _ = text.withCString { write(master, $0, strlen($0)) }
  }

  /// Reads until the output from byte `start` on contains `text`; returns the index behind it.
  @discardableResult
  func wait(for text: String, from start: Int = 0, within limit: Duration = .seconds(20)) throws
    -> Int
  {
    let wanted = Array(text.utf8)
    let deadline = MonotonicInstant.now + limit
    while true {
      if let index = output[start...].firstIndex(of: wanted) { return index + wanted.count }
      guard try read(until: deadline) else {
        throw Failure(description: "no \(text.debugDescription) came, but: \(shownOutput)")
      }
    }
  }

  /// Reads until the program has ended; says how.
  func waitForEnd(within limit: Duration = .seconds(20)) throws -> End {
    let deadline = MonotonicInstant.now + limit
    while end == nil {
      var status: Int32 = 0
      if waitpid(pid, &status, WNOHANG) == pid {
        end = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
      } else if deadline < .now {
        throw Failure(description: "the program does not end; it wrote: \(shownOutput)")
      }
      _ = try read(until: .now + .milliseconds(20))
    }
    while try read(until: .now + .milliseconds(20)) {}
    return end ?? .exited(-1)
  }

  /// One read; false when nothing came until the deadline.
  private func read(until deadline: MonotonicInstant) throws -> Bool {
    let milliseconds = max(0, (deadline - .now).components.seconds * 1_000 + 20)
    var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    let timeout = Int32(clamping: min(milliseconds, 20_000))
    guard deadline > .now, poll(&descriptor, 1, timeout) > 0, master >= 0 else { return false }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = Glibc.read(master, &bytes, bytes.count)
    guard count > 0 else { return false }
    output += bytes[..<count]
    return true
  }

  /// The last part of the output with its control characters as text.
  private var shownOutput: String {
    String(decoding: output.suffix(4_000), as: UTF8.self).debugDescription
  }
}

extension ArraySlice<UInt8> {
  fileprivate func firstIndex(of other: [UInt8]) -> Int? {
    guard count >= other.count else { return nil }
    return (startIndex...(endIndex - other.count)).first {
      self[$0..<($0 + other.count)].elementsEqual(other)
    }
  }
}

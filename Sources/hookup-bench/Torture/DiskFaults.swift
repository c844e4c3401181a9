import Glibc
import HookupCore
import HookupEngine
import Synchronization

/// A file system in memory that is small enough to be filled up.
final class SmallDisk: Sendable {
  /// Two segments of an outbox, and some.
  static let bytes = 20 << 20

  let path: String
  private let isMounted: Mutex<Bool>
  private let filled = Mutex(0)

  /// - Returns: nil where a file system may not be mounted, with `reason`.
  init?(at path: String, reason: inout String) {
    self.path = path
    mkdir(path, 0o700)
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(Self.bytes),mode=700") == 0 else {
      reason = String(cString: strerror(errno))
      return nil
    }
    isMounted = Mutex(true)
  }

  /// How often it was filled.
  var fills: Int { filled.withLock { $0 } }

  private var ballast: String { "\(path)/ballast" }

  /// Takes all the room there is.
  func fill() {
    filled.withLock { $0 += 1 }
    let descriptor = open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let zeros = [UInt8](repeating: 0, count: 64 << 10)
    // To the last page.
    for size in [zeros.count, 4_096, 1] {
      while write(descriptor, zeros, size) == size {}
    }
  }

  func free() { unlink(ballast) }

  /// Takes it away, with what is in it.
  func remove() {
    isMounted.withLock { isMounted in
      if isMounted { umount2(path, Int32(MNT_DETACH)) }
      isMounted = false
    }
  }

  deinit { remove() }
}

/// Lets system calls of a program fail, by strace.
struct DiskInjection: Sendable {
  private static let strace = "/usr/bin/strace"

  /// - Returns: nil where strace is missing or may not trace, with `reason`.
  init?(_ place: TorturePlace, reason: inout String) async {
    guard access(Self.strace, X_OK) == 0 else {
      reason = "\(Self.strace) is missing"
      return nil
    }
    let probe = try? ChildProcess(
      Self.strace, ["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "/bin/true"],
      environment: [], output: .file("/dev/null"), errors: place.path("probe", in: "strace"))
    guard await probe?.waitForEnd(atMost: .seconds(10)) == .exit(0) else {
      reason =
        "strace may not trace here: \(TorturePlace.lastLine(of: place.path("probe", in: "strace")))"
      return nil
    }
  }

  /// The command in front of the program's own, for one life. Flushes fail with EIO, or some writes in a row with
  /// ENOSPC; calls are counted in each thread, and one thread writes an outbox.
  /// - Parameter log: the file that says which calls failed.
  func tracer(log: String, random: inout RandomSource) -> [String] {
    let first = Int.random(in: 4...40, using: &random)
    let fault =
      Bool.random(using: &random)
      ? ["trace=fsync,fdatasync", "inject=fsync,fdatasync:error=EIO:when=\(first)"]
      : ["trace=pwrite64", "inject=pwrite64:error=ENOSPC:when=\(first)..\(first + 5)"]
    // -D: the program is our child, and strace a grandchild beside it, in the same process group.
    return [Self.strace, "-D", "-f", "-qq", "-o", log, "-e", fault[0], "-e", fault[1]]
  }
}

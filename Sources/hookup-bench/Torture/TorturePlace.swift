import Glibc
import HookupEngine
import Synchronization

/// Where a run takes place: a directory of its own, the programs, and every process that it started.
final class TorturePlace: Sendable {
  let directory: String
  /// Where the chat's programs are: beside this one.
  let programs: String
  private struct Children {
    var all: [ChildProcess] = []
    /// No more are started.
    var isClosed = false
  }

  private let children = Mutex(Children())

  /// Makes a fresh directory under `$TMPDIR`, else `/tmp`.
  /// - Throws: ``HookupError/Code/storage``, also when a program is missing.
  init() throws(HookupError) {
    var path = [CChar](repeating: 0, count: 4_096)
    let length = readlink("/proc/self/exe", &path, path.count - 1)
    let own = String(
      decoding: path.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    programs = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "."
    for program in ["hookup-chat", "hookup-chat-server"]
    where access("\(programs)/\(program)", X_OK) != 0 {
      throw HookupError(
        .storage, "'\(programs)/\(program)' is missing: build the whole package first (swift build)"
      )
    }
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/hookup-torture-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw HookupError(
        .storage, "no directory can be made in \(parent): \(String(cString: strerror(errno)))")
    }
    directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// A path inside, with its directory made.
  func path(_ name: String, in folder: String) -> String {
    mkdir("\(directory)/\(folder)", 0o700)
    return "\(directory)/\(folder)/\(name)"
  }

  /// Starts a program of this package.
  /// - Parameters:
  ///   - name: of its output and errors, in `folder`.
  ///   - tracer: a program with arguments that starts it in its turn; empty for none.
  func start(
    _ program: String, _ arguments: [String], folder: String, name: String, tracer: [String] = [],
    takesInput: Bool = false, pipesOutput: Bool = false
  ) throws(HookupError) -> ChildProcess {
    let command = tracer + ["\(programs)/\(program)"] + arguments
    let child = try ChildProcess(
      command[0], Array(command.dropFirst()),
      environment: [
        "HOME=\(directory)", "PATH=/usr/bin:/bin", "USER=torture", "LANG=C.UTF-8",
        "SWIFT_BACKTRACE=enable=no",
      ],
      takesInput: takesInput,
      output: pipesOutput ? .pipe : .file(path("\(name).out", in: folder)),
      errors: path("\(name).err", in: folder))
    let isClosed = children.withLock { children in
      children.all.removeAll(where: \.hasEnded)
      children.all.append(child)
      return children.isClosed
    }
    if isClosed {
      child.signal(SIGKILL)
      throw HookupError(.closed, "the run has ended")
    }
    return child
  }

  /// `kill -9` to everything that still runs, and to whatever would be started from now on.
  func killAll() {
    children.withLock { children in
      children.isClosed = true
      for child in children.all { child.signal(SIGKILL) }
    }
  }

  /// Takes the directory away, with all that is in it.
  func remove() { Self.remove(directory) }

  private static func remove(_ path: String) {
    guard unlink(path) != 0 else { return }
    if let stream = opendir(path) {
      var names: [String] = []
      while let entry = readdir(stream) {
        names.append(
          withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
          })
      }
      closedir(stream)
      for name in names where name != "." && name != ".." { remove("\(path)/\(name)") }
    }
    rmdir(path)
  }

  /// A file's text; empty when there is none.
  static func text(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

import Glibc
import HookupCore

/// Files that are read whole: configuration, passwords.
enum SmallFile {
  /// A larger one is refused.
  static let maximumBytes = 256 << 10

  /// Nil when it is not there and need not be.
  /// - Parameter isSecret: refuses one that others can read.
  /// - Throws: ``HookupError/Code/storage``, ``HookupError/Code/invalidArgument``.
  static func read(
    _ path: String, mustExist: Bool, isSecret: Bool = false
  ) throws(HookupError) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT, !mustExist { return nil }
      throw HookupError(.storage, "cannot read '\(path)': \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var status = stat()
    if isSecret, fstat(file, &status) == 0, status.st_mode & 0o077 != 0 {
      throw HookupError(
        .invalidArgument, "others can read '\(path)': chmod 600 it, or choose another file")
    }
    var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
    var count = 0
    while count < bytes.count {
      let got = bytes[count...].withUnsafeMutableBytes {
        Glibc.read(file, $0.baseAddress, $0.count)
      }
      guard got >= 0 else {
        throw HookupError(.storage, "cannot read '\(path)': \(String(cString: strerror(errno)))")
      }
      if got == 0 { break }
      count += got
    }
    guard count <= maximumBytes else {
      throw HookupError(
        .invalidArgument, "'\(path)' is longer than \(maximumBytes) bytes: that is another file")
    }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}

/// Where a password comes from that is not typed: a program, or a file. Never an argument, which others can see.
enum PasswordSource {
  /// Bytes a program may print.
  private static let maximumBytes = 4 << 10
  /// How long it may take. Shorter ends one that asks a person for something; longer leaves the chat waiting for one that hangs.
  private static let limitMilliseconds: Int32 = 30_000

  /// Nil when neither is set.
  /// - Throws: ``HookupError`` with the program or the file, and what is wrong with it.
  static func password(_ settings: ChatSettings) throws(HookupError) -> String? {
    if let path = settings.passwordFile {
      let text = try SmallFile.read(path, mustExist: true, isSecret: true) ?? ""
      return try firstLine(of: text, "'\(path)'")
    }
    guard !settings.passwordCommand.isEmpty else { return nil }
    return try firstLine(of: try output(of: settings.passwordCommand), settings.passwordCommand[0])
  }

  private static func firstLine(of text: String, _ source: String) throws(HookupError) -> String {
    let line = text.prefix { !$0.isNewline }
    guard !line.isEmpty else {
      throw HookupError(.invalidArgument, "\(source) gives no password: its first line is empty")
    }
    return String(line)
  }

  private static func output(of words: [String]) throws(HookupError) -> String {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw HookupError(.storage, "no pipe: \(String(cString: strerror(errno)))")
    }
    defer { close(ends[0]) }
    _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addclose(&actions, ends[1])
    var arguments = words.map { strdup($0) } + [nil]
    var child: pid_t = 0
    let failure = posix_spawnp(&child, words[0], &actions, nil, &arguments, environ)
    posix_spawn_file_actions_destroy(&actions)
    for argument in arguments { free(argument) }
    close(ends[1])
    guard failure == 0 else {
      throw HookupError(
        .invalidArgument,
        "password-command: cannot run '\(words[0])': \(String(cString: strerror(failure)))")
    }
    let text = read(ends[0])
    if text == nil { kill(child, SIGKILL) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    guard let text else {
      throw HookupError(
        .invalidArgument,
        "password-command: '\(words[0])' took longer than \(limitMilliseconds / 1_000) s, or printed more than \(maximumBytes) bytes"
      )
    }
    guard status == 0 else {
      throw HookupError(.invalidArgument, "password-command: '\(words[0])' failed")
    }
    return text
  }

  /// What comes until the end; nil when it takes too long or is too much.
  private static func read(_ file: Int32) -> String? {
    let end = MonotonicInstant.now + .milliseconds(Int64(limitMilliseconds))
    var text: [UInt8] = []
    while text.count <= maximumBytes {
      let left = MonotonicInstant.now.duration(to: end).wholeMilliseconds
      var descriptor = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
      guard left > 0, poll(&descriptor, 1, Int32(clamping: left)) > 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: maximumBytes)
      let count = Glibc.read(file, &bytes, bytes.count)
      if count <= 0 { return String(decoding: text, as: UTF8.self) }
      text += bytes.prefix(count)
    }
    return nil
  }
}

import Glibc
import HookupCore

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
    guard let ends = SpawnedProgram.pipe() else {
      throw HookupError(.storage, "no pipe: \(String(cString: strerror(errno)))")
    }
    defer { close(ends.reading) }
    let child: pid_t
    do throws(SpawnedProgram.Failure) {
      defer { close(ends.writing) }
      child = try SpawnedProgram.start(words) { actions in
        posix_spawn_file_actions_adddup2(&actions, ends.writing, 1)
      }
    } catch {
      throw HookupError(
        .invalidArgument, "password-command: cannot run '\(words[0])': \(error.reason)")
    }
    let text = read(ends.reading)
    if text == nil { kill(child, SIGKILL) }
    let status = SpawnedProgram.wait(for: child)
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

import HookupCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A person's place on disk: the secret client id, the nick it was last used with, and the outbox beside them.
///
/// ```
/// DIR/client      "<32 hex> <nick>\n"
/// DIR/outbox/     the file outbox, with its lock
/// ```
struct ChatProfile: Sendable {
  let client: ClientID
  let outboxDirectory: String

  /// Opens or makes the profile in `directory`.
  /// - Throws: ``HookupError/Code/storage``; ``HookupError/Code/invalidArgument`` when the directory still holds messages that were said
  ///   under another nick: sending them under this one would put words into somebody's mouth.
  static func open(
    directory: String, nick: Nick, files: any FileLayer = SystemFiles()
  ) throws(HookupError) -> ChatProfile {
    do throws(FileFailure) {
      try files.makeDirectory(directory)
    } catch {
      throw error.asError
    }
    let path = directory + "/client"
    let outbox = directory + "/outbox"
    let known = try read(path, files: files)
    if let known, known.nick == nick {
      return ChatProfile(client: known.client, outboxDirectory: outbox)
    }
    if let known, try holdsMessages(outbox) {
      throw HookupError(
        .invalidArgument,
        "'\(directory)' holds messages queued by \(known.nick): run with --nick \(known.nick) until they are sent, "
          + "or choose another --data directory for \(nick)")
    }
    var generator = SystemRandomNumberGenerator()
    let client = known?.client ?? ClientID(random: &generator)
    try write("\(client) \(nick)\n", to: path, in: directory, files: files)
    return ChatProfile(client: client, outboxDirectory: outbox)
  }

  /// The client id that `nick` has in `directory`; a new one when there is none, which is kept nowhere.
  static func client(
    in directory: String?, nick: Nick, files: any FileLayer = SystemFiles()
  ) -> ClientID {
    if let directory, let known = try? read(directory + "/client", files: files), known.nick == nick
    {
      return known.client
    }
    var generator = SystemRandomNumberGenerator()
    return ClientID(random: &generator)
  }

  private static func holdsMessages(_ directory: String) throws(HookupError) -> Bool {
    let outbox = try FileOutbox.open(directory: directory)
    let isClosed = Monitor(false)
    outbox.close { _ in isClosed.change { $0 = true } }
    // The client is about to open it: the lock must be back by then.
    isClosed.wait(until: nil) { $0 ? () : nil }
    return !outbox.recovered.pending.isEmpty
  }

  /// What the file says; nil when there is none yet.
  private static func read(
    _ path: String, files: any FileLayer
  ) throws(HookupError) -> (client: ClientID, nick: Nick)? {
    let text: String
    do throws(FileFailure) {
      let file = try files.open(path, creating: false)
      defer { files.close(file) }
      text = try contents(of: file, files: files)
    } catch {
      if error.isMissingFile { return nil }
      throw error.asError
    }
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    guard words.count == 2, let client = try? ClientID(words[0]), let nick = try? Nick(words[1])
    else {
      throw HookupError(
        .corrupt,
        "'\(path)' is damaged: remove it to begin as a new client, or choose another --data directory"
      )
    }
    return (client, nick)
  }

  private static func contents(
    of file: OpenFile, files: any FileLayer
  ) throws(FileFailure) -> String {
    // One short line; more is damage, and is cut off.
    var bytes = [UInt8](repeating: 0, count: 512)
    var count = 0
    do {
      count = try bytes.withUnsafeMutableBytes { try files.read(file, at: 0, into: $0) }
    } catch let failure as FileFailure {
      throw failure
    } catch {
      throw FileFailure("read", file.path, 0)
    }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// Puts a whole file in place, or none: temporary, fsync, rename, fsync of the directory.
  private static func write(
    _ text: String, to path: String, in directory: String, files: any FileLayer
  ) throws(HookupError) {
    do {
      let file = try files.open(path + ".new", creating: true)
      defer { files.close(file) }
      try Array(text.utf8).withUnsafeBytes { try files.write(file, at: 0, $0) }
      try files.synchronize(file)
      try files.rename(path + ".new", to: path)
      try files.synchronizeDirectory(directory)
    } catch let failure as FileFailure {
      throw failure.asError
    } catch {
      throw HookupError(.storage, "cannot write '\(path)': \(error)")
    }
  }
}

extension FileFailure {
  var isMissingFile: Bool { number == ENOENT }
}

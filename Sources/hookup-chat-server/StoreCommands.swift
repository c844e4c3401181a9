import ArgumentParser
import HookupEngine
import HookupSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a server keeps its rooms, said as to the server itself.
struct StorePlace: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where rooms are kept. (default: $XDG_DATA_HOME/hookup)", valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("The server's TOML file, for its 'data'.", valueName: "file"))
  var config: String?

  func validate() throws {
    if data?.isEmpty == true { throw ValidationError("--data is empty.") }
  }

  func directory() throws(HookupError) -> String { try settings().directory() }

  /// Where the server that uses the directory is asked.
  func adminSocket() throws(HookupError) -> String {
    let settings = try settings()
    guard let path = settings.adminSocket(in: try settings.directory()) else {
      throw HookupError(.invalidArgument, "'admin-socket' is empty: this server has none")
    }
    return path
  }

  private func settings() throws(HookupError) -> ServerSettings {
    var settings = ServerSettings()
    if let config {
      try ConfigurationFile.apply(
        try StandardStreams.contents(of: config), path: config, to: &settings)
    }
    if let data { settings.data = data }
    return settings
  }
}

extension ParsableCommand {
  /// Runs `body`; its error is one sentence and status 1.
  fileprivate func report(_ body: () throws(HookupError) -> Void) throws {
    do throws(HookupError) {
      try body()
    } catch {
      throw StandardStreams.failure(error)
    }
  }
}

extension StoreArchive.Contents {
  fileprivate var text: String { "\(rooms) rooms, \(entries) entries, \(bytes) bytes" }
}

/// `hookup-chat-server backup`.
struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the rooms to a new directory, also while the server runs.",
    discussion: """
      The copy is of one moment, checked and synced, and a directory that a server can use as it is. It holds the \
      clients' secrets: keep it as safe as the original.
      """)

  @Argument(help: ArgumentHelp("Where to; made when it does not exist.", valueName: "dir"))
  var destination: String

  @OptionGroup var place: StorePlace

  func run() throws {
    try report { () throws(HookupError) in
      let contents = try StoreArchive.backUp(try place.directory(), to: destination)
      try StandardStreams.print("\(destination): \(contents.text)\n")
    }
  }
}

/// `hookup-chat-server restore`.
struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put a backup where a server keeps its rooms; the server must be stopped.")

  @Argument(help: ArgumentHelp("A directory that 'backup' made.", valueName: "dir"))
  var backup: String

  @Flag(help: "Move what is there already to a directory replaced-N in it.")
  var replace = false

  @OptionGroup var place: StorePlace

  func run() throws {
    try report { () throws(HookupError) in
      let directory = try place.directory()
      let contents = try StoreArchive.restore(backup, to: directory, replaces: replace)
      try StandardStreams.print("\(directory): \(contents.text)\n")
    }
  }
}

/// `hookup-chat-server check`.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Look for damage in the rooms, also while the server runs.",
    discussion: "Prints what is there, and a line for each fault. Exit status: 1 when there is one."
  )

  @OptionGroup var place: StorePlace

  func run() throws {
    try report { () throws(HookupError) in
      let directory = try place.directory()
      let (contents, faults) = try StoreArchive.check(directory)
      for fault in faults { try StandardStreams.print("fault: \(fault)\n") }
      try StandardStreams.print("\(directory): \(contents.text)\n")
      guard faults.isEmpty else {
        throw HookupError(
          .corrupt, "\(directory) is damaged: stop the server and restore a backup")
      }
    }
  }
}

/// `hookup-chat-server export`.
struct ExportCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case jsonl }

  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Print a room's whole log, also while the server runs.",
    discussion: """
      One object a line, in the log's order: \
      {"room":"…","offset":17,"kind":"said","id":"…","from":"…","time":"ISO 8601","text":"…"}. The kind is said or topic.
      """)

  @Option(help: "The room.")
  var room: String

  @Option(help: "Print what comes after this offset; 0 is the beginning.")
  var since: UInt64 = 0

  @Option(help: "JSON, one object a line.")
  var format = Format.jsonl

  @OptionGroup var place: StorePlace

  func validate() throws {
    do throws(HookupError) {
      _ = try RoomName(room)
    } catch {
      throw ValidationError(error.message)
    }
  }

  func run() throws {
    try report { () throws(HookupError) in
      try StoreArchive.export(
        try RoomName(room), of: try place.directory(), after: since
      ) { (entries) throws(HookupError) in
        try StandardStreams.print(entries.map { $0.json.text + "\n" }.joined())
      }
    }
  }
}

import ArgumentParser
import HookupCore
import HookupEngine
import Synchronization

/// `hookup-chat-server admin`: what an operator does with a server that runs.
struct AdminCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admin",
    abstract: "Look at a server that runs, and tell it what to do.",
    discussion: """
      Asks over the server's admin socket, DATA/admin.sock, which only the server's user can open. Exit status: 0, or 1 with one \
      sentence on standard error.
      """,
    subcommands: [
      Status.self, Sessions.self, Users.self, Rooms.self, Bans.self, Say.self, Kick.self,
      Disable.self, Enable.self, Ban.self, Unban.self, Drain.self,
    ])

  struct Status: AdminSubcommand {
    static let configuration = CommandConfiguration(abstract: "How the server stands.")
    @OptionGroup var options: AdminOptions
    func request() -> AdminRequest { .status }
  }

  struct Sessions: AdminSubcommand {
    static let configuration = CommandConfiguration(abstract: "Who is connected.")
    @OptionGroup var options: AdminOptions
    func request() -> AdminRequest { .sessions }
  }

  struct Users: AdminSubcommand {
    static let configuration = CommandConfiguration(abstract: "All accounts.")
    @OptionGroup var options: AdminOptions
    func request() -> AdminRequest { .users }
  }

  struct Rooms: AdminSubcommand {
    static let configuration = CommandConfiguration(abstract: "All rooms, the hidden ones too.")
    @OptionGroup var options: AdminOptions
    func request() -> AdminRequest { .rooms }
  }

  struct Bans: AdminSubcommand {
    static let configuration = CommandConfiguration(
      abstract: "The addresses that nobody may come from.")
    @OptionGroup var options: AdminOptions
    func request() -> AdminRequest { .bans }
  }

  struct Say: AdminSubcommand {
    static let configuration = CommandConfiguration(
      abstract: "Say something to everybody who is connected.")
    @OptionGroup var options: AdminOptions
    @Argument(help: "At most 2,000 bytes.") var text: String
    func request() -> AdminRequest { .say(text) }
  }

  struct Kick: AdminSubcommand {
    static let configuration = CommandConfiguration(
      abstract: "Close a person's connections; they may come back.")
    @OptionGroup var options: AdminOptions
    @Argument var nick: String
    @Option(help: "What they are told.") var reason = ""
    func request() throws(HookupError) -> AdminRequest { .kick(try Nick(nick), reason: reason) }
  }

  struct Disable: AdminSubcommand {
    static let configuration = CommandConfiguration(
      abstract: "Keep an account out, and log all its devices out.")
    @OptionGroup var options: AdminOptions
    @Argument var nick: String
    @Option(help: "What they are told.") var reason: String
    func request() throws(HookupError) -> AdminRequest { .disable(try Nick(nick), reason: reason) }
  }

  struct Enable: AdminSubcommand {
    static let configuration = CommandConfiguration(abstract: "Let an account in again.")
    @OptionGroup var options: AdminOptions
    @Argument var nick: String
    func request() throws(HookupError) -> AdminRequest { .enable(try Nick(nick)) }
  }

  struct Ban: AdminSubcommand {
    static let configuration = CommandConfiguration(
      abstract: "Let nobody in from an address or a block of them; also after a restart.")
    @OptionGroup var options: AdminOptions
    @Argument(help: "192.0.2.7, 10.0.0.0/8 or 2001:db8::/32; of IPv6 at least a /64.")
    var addresses: String
    @Option(
      name: .customLong("for"),
      help: ArgumentHelp("90s, 30m, 12h or 7d. (default: for good)", valueName: "time"))
    var time: BanTime?
    @Option(help: "What they are told.") var reason = ""
    func request() -> AdminRequest { .ban(addresses, seconds: time?.seconds, reason: reason) }
  }

  struct Unban: AdminSubcommand {
    static let configuration = CommandConfiguration(abstract: "End a ban.")
    @OptionGroup var options: AdminOptions
    @Argument(help: "As in the list of bans.") var addresses: String
    func request() -> AdminRequest { .unban(addresses) }
  }

  struct Drain: AdminSubcommand {
    static let configuration = CommandConfiguration(
      abstract: "End the server in good order, its clients told when to come back.")
    @OptionGroup var options: AdminOptions
    @Option(
      help: ArgumentHelp(
        "Seconds, 0 to 600, over which they come back. (default: 'drain-window')",
        valueName: "seconds"))
    var over: Int64?
    func request() -> AdminRequest { .drain(seconds: over) }
  }
}

/// One of the commands: what it asks, and how the answer is printed.
private protocol AdminSubcommand: AsyncParsableCommand {
  var options: AdminOptions { get }
  func request() throws(HookupError) -> AdminRequest
}

extension AdminSubcommand {
  func run() async throws {
    do {
      try await options.ask(try request())
    } catch let error as HookupError {
      throw StandardStreams.failure(error)
    }
  }
}

struct AdminOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The admin socket. (default: DATA/admin.sock)", valueName: "path"))
  var socket: String?

  @Flag(help: "Print JSON, one object a line.")
  var json = false

  @OptionGroup var place: StorePlace

  /// Prints the answer: JSON as it comes, a table when it is complete.
  func ask(_ request: AdminRequest) async throws {
    let path = try socket ?? place.adminSocket()
    let table = Mutex(AdminTable())
    let done = try await AdminClient(path: path).ask(request) { [json] row in
      if json {
        try StandardStreams.print(JSONLine.text(row, []) + "\n")
      } else {
        table.withLock { $0.add(row) }
      }
    }
    try StandardStreams.print(table.withLock { $0.text })
    guard !done.isEmpty else { return }
    try StandardStreams.print(
      json ? JSONLine.text([("done", done)], []) + "\n" : LogText.plain(done) + "\n")
  }
}

/// How long a ban holds: `90s`, `30m`, `12h`, `7d`; at most ten years.
struct BanTime: ExpressibleByArgument, Hashable {
  let seconds: Int64

  init?(argument: String) {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    guard let unit = argument.last.flatMap({ units[$0] }),
      let number = Int64(argument.dropLast()), number > 0,
      number <= AdminRequest.maximumBanSeconds / unit
    else { return nil }
    seconds = number * unit
  }
}

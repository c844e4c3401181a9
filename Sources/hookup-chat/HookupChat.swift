import ArgumentParser
import HookupCore
import HookupEngine

/// The program: the screen by default, and its twins for scripts.
@main
struct HookupChat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hookup-chat",
    abstract: "Chat in a terminal over bad links, and see where each message is.",
    discussion: """
      Start it with no server there: you can read, write, quit and start again; what you wrote is still queued, and goes \
      out once the server is back.
      """,
    subcommands: [ScreenCommand.self, SendCommand.self, TailCommand.self],
    defaultSubcommand: ScreenCommand.self)

  static func main() async {
    let arguments = WaitOption.spelledOut(Array(CommandLine.arguments.dropFirst()))
    do {
      // May start the program again with the environment that a screen needs, so before anything else is done.
      if !["send", "tail", "help", "--help", "-h"].contains(arguments.first) {
        TerminalProcess.prepare()
      }
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error as HookupError {
      StandardError.write("hookup-chat: \(error.message)\n")
      exit(withError: ExitCode.failure)
    } catch {
      exit(withError: error)
    }
  }
}

/// What all commands take.
struct ChatOptions: ParsableArguments {
  @Argument(help: "The server, ws://HOST[:PORT]/ or wss://….")
  var url = "ws://127.0.0.1:8127/"

  @Option(help: "The name you go by. Default: your user name.")
  var nick: Nick = .ofUser

  @Option(
    help: ArgumentHelp(
      "Where the outbox and your client id live. Default: $XDG_STATE_HOME/hookup/chat/NICK@SERVER.",
      valueName: "dir"))
  var data: String?

  func validate() throws {
    do {
      _ = try WebSocketURL(url)
    } catch {
      throw ValidationError(error.message)
    }
  }

  /// The profile's directory: as told, or one for this nick at this server, so that two people may share a home.
  func directory() throws(HookupError) -> String {
    if let data { return data }
    guard let state = TerminalProcess.stateDirectory() else {
      throw HookupError(
        .storage,
        "neither $XDG_STATE_HOME nor $HOME names a directory that can be written: use --data")
    }
    let server = try WebSocketURL(url).hostAndPort.map {
      $0.isLetter || $0.isNumber || ".-".contains($0) ? $0 : "_"
    }
    return "\(state)/chat/\(nick)@\(String(server))"
  }

  func clientConfiguration() throws(HookupError) -> ChatClient.Configuration {
    var configuration = ChatClient.Configuration(nick: nick, directory: try directory())
    configuration.device = TerminalProcess.hostName
    return configuration
  }
}

extension Nick: ExpressibleByArgument {
  public init?(argument: String) { try? self.init(argument) }

  /// The user's login name, as far as it is a nick; `guest` otherwise.
  static var ofUser: Nick {
    let name =
      TerminalProcess.environment("USER") ?? TerminalProcess.environment("LOGNAME") ?? "guest"
    // "guest" is a nick.
    return (try? Nick(name)) ?? (try? Nick("guest"))!
  }
}

extension RoomName: ExpressibleByArgument {
  public init?(argument: String) { try? self.init(argument) }
}

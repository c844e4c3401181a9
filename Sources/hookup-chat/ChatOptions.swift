import ArgumentParser
import Glibc
import HookupCore
import HookupEngine

/// What all commands take. ``resolved()`` says what follows with the configuration file and the environment.
struct ChatOptions: ParsableArguments {
  @Argument(help: "The server, ws://HOST[:PORT]/ or wss://…. Default: ws://127.0.0.1:8127/.")
  var url: String?

  @Option(help: "The name you go by. Default: your user name.")
  var nick: Nick?

  @Option(
    help: ArgumentHelp(
      "Where outbox, history and client id live. Default: $XDG_STATE_HOME/hookup/chat/NICK@SERVER.",
      valueName: "dir"))
  var data: String?

  @Option(help: "A table [profile.NAME] of the configuration file: its server, nick and room.")
  var profile: String?

  @Option(
    help: ArgumentHelp(
      "The configuration file. Default: $XDG_CONFIG_HOME/hookup/chat.toml, if it is there.",
      valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "A file that holds the account's password in its first line, for the first login on this device.",
      valueName: "file"))
  var passwordFile: String?

  func validate() throws {
    do {
      if let url { _ = try WebSocketURL(url) }
    } catch {
      throw ValidationError(error.message)
    }
  }

  /// - Throws: ``HookupError`` for what is wrong in the file or the environment.
  func resolved() throws(HookupError) -> ResolvedOptions {
    let standard = TerminalProcess.configurationDirectory().map { $0 + "/chat.toml" }
    let path = config ?? standard ?? ""
    let text = path.isEmpty ? nil : try SmallFile.read(path, mustExist: config != nil)
    var settings = try ChatSettings(
      file: text, path: path, profile: profile, environment: TerminalProcess.environment())
    if let url { settings.url = url }
    if let nick { settings.nick = nick }
    if let data { settings.data = data }
    if let passwordFile {
      settings.passwordFile = passwordFile
      settings.passwordCommand = []
    }
    _ = try WebSocketURL(settings.url)
    return ResolvedOptions(settings: settings)
  }
}

/// The options with everything decided.
struct ResolvedOptions: Sendable {
  var settings: ChatSettings
  var url: String { settings.url }
  var nick: Nick { settings.nick ?? .ofUser }

  /// The profile's directory: as told, or one for this nick at this server, so that two people may share a home.
  func directory() throws(HookupError) -> String {
    if let data = settings.data { return data }
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
    let directory = try directory()
    var configuration = ChatClient.Configuration(nick: nick, directory: directory)
    configuration.device = TerminalProcess.hostName
    // A device that is logged in needs no password, and its owner is not to be asked for one.
    if !ChatClient.hasToken(in: directory, nick: nick) {
      configuration.password = try PasswordSource.password(settings)
    }
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

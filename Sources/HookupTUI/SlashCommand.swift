import HookupCore

/// A line that starts with a slash, understood.
enum SlashCommand: Hashable, Sendable {
  case join(RoomName)
  case part(RoomName?)
  /// To a person, with the text; without one the conversation is only opened.
  case message(Nick, String)
  case nick
  case topic(String)
  case names
  case rooms
  case list
  case pending
  case backlog
  /// Failed messages again: that number, or all of the room.
  case retry(UInt64?)
  /// Failed messages away: that number, or nil: all of the room.
  case drop(UInt64?)
  case reconnect
  case panes(Pane?, shown: Bool?)
  case clear
  /// The page, or what one command is for.
  case help(String?)
  case quit
  /// Messages that hold these words, on the server; nil: find in the room.
  case search(String?)
  case mentions
  /// All is read.
  case mark
  case ignore(Nick?)
  case unignore(Nick)
  /// This word stands for that text; nil: which there are.
  case alias(String?, String)
  case unalias(String)
  case bell(Bool?)
  /// The link of that number, or a list of them all.
  case url(Int?)
  case export(String?)
  case mouse
  case check
  case keys
  case link
  case theme(String)
  case online(Bool)
  /// Something done in the room of the window.
  case act(RoomAct)
  /// The same about an entry; nil: the newest one that fits.
  case about(UInt64?, RoomAct)
  case create(RoomName, RoomSettings)
  /// A question to the server.
  case ask(ChatCommand)
  /// What a password is asked for, unseen.
  case secret(SecretPrompt)

  /// What a line of input is.
  enum Line: Hashable, Sendable {
    case text(String)
    case command(SlashCommand)
    /// Not understood; a sentence that says why and what would be. Never sent as text.
    case error(String)
  }

  /// A command as the help shows it.
  struct Help: Hashable, Sendable {
    var name: String
    var arguments: String
    var meaning: String
  }

  /// All commands, in the order of the help. Any unique beginning of a name will do.
  static let all: [Help] = [
    Help(name: "join", arguments: "#room", meaning: "join a room"),
    Help(name: "part", arguments: "[#room]", meaning: "leave the room"),
    Help(name: "close", arguments: "", meaning: "the same for this window"),
    Help(name: "msg", arguments: "nick text", meaning: "say it to one person"),
    Help(name: "query", arguments: "nick", meaning: "open a conversation"),
    Help(name: "topic", arguments: "text", meaning: "set the topic"),
    Help(name: "names", arguments: "", meaning: "who is here"),
    Help(name: "who", arguments: "", meaning: "the same"),
    Help(name: "rooms", arguments: "", meaning: "rooms of the server"),
    Help(name: "list", arguments: "", meaning: "the same"),
    Help(name: "pending", arguments: "", meaning: "messages in flight"),
    Help(name: "backlog", arguments: "", meaning: "what waits to be sent"),
    Help(name: "retry", arguments: "[N]", meaning: "say failed ones again"),
    Help(name: "drop", arguments: "N|failed", meaning: "take back, or put failed away"),
    Help(name: "reconnect", arguments: "", meaning: "try now, do not wait"),
    Help(name: "connect", arguments: "", meaning: "the same"),
    Help(name: "disconnect", arguments: "", meaning: "stay away"),
    Help(name: "go", arguments: "offline|online", meaning: "stay away, come back"),
    Help(name: "ping", arguments: "", meaning: "ask the server for a sign"),
    Help(name: "link", arguments: "", meaning: "how the link is"),
    Help(name: "panes", arguments: "[name]", meaning: "show or hide panes"),
    Help(name: "nick", arguments: "", meaning: "how to change it"),
    Help(name: "clear", arguments: "", meaning: "empty this window"),
    Help(name: "mentions", arguments: "", meaning: "who named you, where"),
    Help(name: "mark", arguments: "", meaning: "all is read"),
    Help(name: "url", arguments: "[N]", meaning: "show a link alone"),
    Help(name: "export", arguments: "[file]", meaning: "this window as a file"),
    Help(name: "ignore", arguments: "[nick]", meaning: "do not show somebody"),
    Help(name: "unignore", arguments: "nick", meaning: "show them again"),
    Help(name: "alias", arguments: "[name text]", meaning: "a command of your own"),
    Help(name: "unalias", arguments: "name", meaning: "forget it"),
    Help(name: "notify", arguments: "[on|off]", meaning: "the bell"),
    Help(name: "theme", arguments: "name", meaning: "other colours"),
    Help(name: "mouse", arguments: "", meaning: "wheel and clicks, or not"),
    Help(name: "check", arguments: "", meaning: "does the terminal fit?"),
    Help(name: "keys", arguments: "", meaning: "what the terminal sends"),
    Help(name: "help", arguments: "[command]", meaning: "this page, or one command"),
    Help(name: "quit", arguments: "", meaning: "quit; the queue stays"),
    Help(name: "me", arguments: "text", meaning: "say what you do"),
    Help(name: "edit", arguments: "[N] text", meaning: "mend your last message"),
    Help(name: "delete", arguments: "[N]", meaning: "delete your last message"),
    Help(name: "react", arguments: "[N] sign", meaning: "react to the last message"),
    Help(name: "reply", arguments: "[N] text", meaning: "answer the last message"),
    Help(name: "search", arguments: "[words]", meaning: "find messages; wor* too"),
    Help(name: "lastlog", arguments: "[words]", meaning: "the same"),
    Help(name: "whois", arguments: "nick", meaning: "who that is"),
    Help(name: "away", arguments: "[text]", meaning: "away, or back"),
    Help(name: "register", arguments: "", meaning: "make your nick yours"),
    Help(name: "login", arguments: "", meaning: "log in with a password"),
    Help(name: "devices", arguments: "", meaning: "where you are logged in"),
    Help(name: "revoke", arguments: "[device]", meaning: "log a device out"),
    Help(name: "create", arguments: "#room [hidden]", meaning: "make a room of your own"),
    Help(name: "set", arguments: "key value", meaning: "access readonly slow about"),
    Help(name: "invite", arguments: "nick", meaning: "make a member"),
    Help(name: "leave", arguments: "", meaning: "be no member any more"),
    Help(name: "kick", arguments: "nick [why]", meaning: "show somebody out"),
    Help(name: "ban", arguments: "nick [1h] [why]", meaning: "keep somebody out"),
    Help(name: "unban", arguments: "nick", meaning: "let them in again"),
    Help(name: "mute", arguments: "nick [1h] [why]", meaning: "silence somebody"),
    Help(name: "unmute", arguments: "nick", meaning: "let them speak again"),
    Help(name: "rank", arguments: "nick rank", meaning: "owner moderator voice none"),
  ]

  /// Reads a line as it was written. `//text` is the text `/text`.
  static func parse(_ line: String) -> Line {
    // By scalars: a mark behind the slash makes another cluster of it, and is a slip all the same.
    let scalars = line.unicodeScalars
    guard scalars.first == "/" else { return parseText(line) }
    let body = String(String.UnicodeScalarView(scalars.dropFirst()))
    if body.unicodeScalars.first == "/" { return .text(body) }
    let word = body.prefix { !$0.isWhitespace }
    let rest = trimmed(body.dropFirst(word.count))
    switch resolve(String(word)) {
    case .success(let name): return parse(name, rest)
    case .failure(let problem): return .error(problem.sentence)
    }
  }

  /// The names that begin with `word`, for completion.
  static func names(beginningWith word: String) -> [String] {
    all.map(\.name).filter { $0.hasPrefix(word.lowercased()) }
  }

  /// White space in front of a command is nearly always a slip: `␠/quit` is not for the room to read.
  private static func parseText(_ line: String) -> Line {
    let start = line.drop { $0.isWhitespace }
    guard start.hasPrefix("/"), !start.hasPrefix("//") else { return .text(line) }
    let word = start.dropFirst().prefix { !$0.isWhitespace }
    guard !word.isEmpty, !names(beginningWith: String(word)).isEmpty else { return .text(line) }
    return .error("not sent: there is a space before /\(word). As text: //\(word)")
  }

  private struct Problem: Error { var sentence: String }

  private static func resolve(_ word: String) -> Result<String, Problem> {
    let names = names(beginningWith: word)
    let shown = Sanitizer.clean(word, limit: 40)
    if let exact = names.first(where: { $0 == word.lowercased() }) { return .success(exact) }
    if word.isEmpty {
      return .failure(Problem(sentence: "a command is missing after '/'; /help lists them"))
    }
    switch names.count {
    case 1: return .success(names[0])
    case 0:
      return .failure(
        Problem(
          sentence: "unknown command /\(shown), nothing was sent; /help, or //\(shown) as text"))
    default:
      let list = names.map { "/" + $0 }.joined(separator: " ")
      return .failure(Problem(sentence: "/\(shown) could be \(list)"))
    }
  }

  private static func parse(_ name: String, _ rest: String) -> Line {
    switch name {
    case "join": room(rest) { .join($0) }
    case "part": rest.isEmpty ? .command(.part(nil)) : room(rest) { .part($0) }
    case "close": .command(.part(nil))
    case "msg", "query": message(name, rest)
    case "nick": .command(.nick)
    case "topic":
      rest.isEmpty ? .error("usage: /topic text") : .command(.topic(rest))
    case "names", "who": .command(.names)
    case "rooms": .command(.rooms)
    case "list": .command(.list)
    case "pending": .command(.pending)
    case "backlog": .command(.backlog)
    case "panes": panes(rest)
    case "clear": .command(.clear)
    case "help": .command(.help(rest.isEmpty ? nil : rest))
    case "quit": .command(.quit)
    case "go": go(rest)
    default: ClientCommand.parse(name, rest) ?? RoomCommand.parse(name, rest)
    }
  }

  static func room(_ text: String, _ make: (RoomName) -> SlashCommand) -> Line {
    guard !text.isEmpty else { return .error("a room is missing, for example: /join #ops") }
    do throws(HookupError) {
      return .command(make(try RoomName(text)))
    } catch {
      return .error(error.message)
    }
  }

  private static func message(_ name: String, _ rest: String) -> Line {
    let word = rest.prefix { !$0.isWhitespace }
    let text = trimmed(rest.dropFirst(word.count))
    guard !word.isEmpty, name == "query" || !text.isEmpty else {
      return .error(name == "query" ? "usage: /query nick" : "usage: /msg nick text")
    }
    do throws(HookupError) {
      let nick = try Nick(String(word.hasPrefix("@") ? word.dropFirst() : word))
      return .command(.message(nick, text))
    } catch {
      return .error(error.message)
    }
  }

  private static func panes(_ rest: String) -> Line {
    let words = rest.split(separator: " ")
    let switches = ["on": true, "off": false]
    if words.isEmpty { return .command(.panes(nil, shown: nil)) }
    if words.count == 1, let shown = switches[String(words[0])] {
      return .command(.panes(nil, shown: shown))
    }
    guard let pane = Pane(word: String(words[0])), words.count <= 2,
      words.count == 1 || switches[String(words[1])] != nil
    else {
      let names = Pane.allCases.map(\.word).joined(separator: "|")
      return .error("usage: /panes [\(names)] [on|off]")
    }
    return .command(.panes(pane, shown: words.count == 2 ? switches[String(words[1])] : nil))
  }

  private static func go(_ rest: String) -> Line {
    switch rest {
    case "online": .command(.online(true))
    case "offline": .command(.online(false))
    default: .error("usage: /go offline or /go online")
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0.isWhitespace }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}

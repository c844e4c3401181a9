import HookupCore

/// The commands about this client: its messages, its link, its window.
enum ClientCommand {
  /// Nil for a name that is none of these.
  static func parse(_ name: String, _ rest: String) -> SlashCommand.Line? {
    switch name {
    case "retry": retry(rest)
    case "drop": drop(rest)
    case "reconnect", "connect": .command(.reconnect)
    case "disconnect": .command(.online(false))
    case "ping": .command(.ask(.ping))
    case "link": .command(.link)
    case "search", "lastlog": .command(.search(rest.isEmpty ? nil : rest))
    case "mentions": .command(.mentions)
    case "mark": .command(.mark)
    case "url": url(rest)
    case "export": export(rest)
    case "ignore": rest.isEmpty ? .command(.ignore(nil)) : nick(rest) { .ignore($0) }
    case "unignore": nick(rest) { .unignore($0) }
    case "alias": alias(rest)
    case "unalias":
      rest.isEmpty ? .error("usage: /unalias name") : .command(.unalias(slashless(rest)))
    case "notify": notify(rest)
    case "theme": rest.isEmpty ? .error("usage: /theme name") : .command(.theme(rest))
    case "mouse": .command(.mouse)
    case "check": .command(.check)
    case "keys": .command(.keys)
    default: nil
    }
  }

  static func nick(_ word: String, _ make: (Nick) -> SlashCommand) -> SlashCommand.Line {
    guard !word.isEmpty else { return .error("a nick is missing") }
    do throws(HookupError) {
      return .command(make(try Nick(word.hasPrefix("@") ? String(word.dropFirst()) : word)))
    } catch {
      return .error(error.message)
    }
  }

  private static func alias(_ rest: String) -> SlashCommand.Line {
    if rest.isEmpty { return .command(.alias(nil, "")) }
    let word = rest.prefix { !$0.isWhitespace }
    let text = rest.dropFirst(word.count).drop { $0.isWhitespace }
    guard !text.isEmpty else {
      return .error("usage: /alias name text, for example: /alias gm good morning, all")
    }
    return .command(.alias(slashless(String(word)), String(text)))
  }

  private static func slashless(_ word: String) -> String {
    word.hasPrefix("/") ? String(word.dropFirst()) : word
  }

  private static func retry(_ rest: String) -> SlashCommand.Line {
    if rest.isEmpty || rest == "all" { return .command(.retry(nil)) }
    guard let number = UInt64(rest) else {
      return .error("usage: /retry [all | the number of a failed message]")
    }
    return .command(.retry(number))
  }

  private static func drop(_ rest: String) -> SlashCommand.Line {
    if rest == "failed" { return .command(.drop(nil)) }
    guard let number = UInt64(rest) else {
      return .error(
        "usage: /drop N (the number of a message that waits or has failed) or /drop failed")
    }
    return .command(.drop(number))
  }

  private static func url(_ rest: String) -> SlashCommand.Line {
    if rest.isEmpty { return .command(.url(nil)) }
    guard let number = Int(rest), number > 0 else {
      return .error("usage: /url N, the number behind a link")
    }
    return .command(.url(number))
  }

  /// A name in the working directory, not a path.
  private static func export(_ rest: String) -> SlashCommand.Line {
    guard rest.utf8.count <= 200, !rest.contains("/"), rest.unicodeScalars.first != ".",
      !rest.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else {
      return .error("usage: /export [file]: a name without / of at most 200 bytes")
    }
    return .command(.export(rest.isEmpty ? nil : rest))
  }

  private static func notify(_ rest: String) -> SlashCommand.Line {
    switch rest {
    case "": .command(.bell(nil))
    case "on": .command(.bell(true))
    case "off": .command(.bell(false))
    default: .error("usage: /notify on or /notify off")
    }
  }
}

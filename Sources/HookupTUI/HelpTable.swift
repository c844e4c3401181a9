/// The keys and commands of the screen as its help shows them, for a manual.
package enum HelpTable {
  package static var keys: [(name: String, meaning: String)] {
    KeyMap.help.map { ($0.keys, $0.meaning) }
  }

  /// With their arguments: `/join #room`.
  package static var commands: [(name: String, meaning: String)] {
    SlashCommand.all.map { help in
      ("/" + help.name + (help.arguments.isEmpty ? "" : " " + help.arguments), help.meaning)
    }
  }
}

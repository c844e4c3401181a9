import HookupCore

/// A man page in the mdoc language: all of it comes from what the program itself knows of its arguments and settings.
package struct ManualPage: Sendable {
  /// What the argument parser does not know.
  package struct Section: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
      package var term: String
      package var text: String

      package init(term: String, text: String) {
        self.term = term
        self.text = text
      }
    }

    package var title: String
    package var text: String
    package var entries: [Entry]

    package init(_ title: String, _ text: String = "", entries: [Entry] = []) {
      self.title = title
      self.text = text
      self.entries = entries
    }
  }

  package var program: ProgramDescription
  /// The section of the manual: 1 for programs of everybody, 8 for those of an operator.
  package var section: Int
  package var settings: SampleSettings
  /// What stands above the settings.
  package var settingsText: String
  package var sections: [Section]

  /// - Parameters:
  ///   - dump: what the argument parser prints for `--experimental-dump-help`.
  ///   - sample: the sample configuration file.
  /// - Throws: ``HookupError/Code/invalidArgument`` when `dump` is not that.
  package init(
    dump: String, section: Int, sample: String, settingsText: String, sections: [Section]
  ) throws(HookupError) {
    program = try ProgramDescription(dump: dump)
    self.section = section
    settings = SampleSettings(sample)
    self.settingsText = settingsText
    self.sections = sections
  }

  /// The date for ``text(milliseconds:)``: now, or what the variable SOURCE_DATE_EPOCH says in seconds since 1970, so that a package that is
  /// built twice is the same twice.
  package static func date(now: Int64, sourceDateEpoch text: String?) -> Int64 {
    guard let seconds = text.flatMap({ Int64($0) }), (0...253_402_300_799).contains(seconds)
    else { return now }
    return seconds * 1_000
  }

  /// The page.
  /// - Parameter milliseconds: its date, since 1970.
  package func text(milliseconds: Int64) -> String {
    var page = Writer()
    page.macro("Dd", [Self.date(milliseconds)])
    page.macro("Dt", [RoffText.argument(program.name.uppercased()), "\(section)"])
    page.macro("Os", ["Hookup"])
    // No hyphenation: names of files and settings are to stay whole.
    page.macro("nh")
    page.macro("Sh", ["NAME"])
    page.macro("Nm", [RoffText.argument(program.name)])
    page.macro("Nd", [RoffText.argument(Self.phrase(program.abstract))])
    writeSynopsis(&page)
    page.macro("Sh", ["DESCRIPTION"])
    page.text(program.abstract)
    page.macro("Pp")
    page.text(program.discussion)
    writeCommands(&page)
    writeSettings(&page)
    for section in sections { Self.write(section, &page) }
    return page.lines.joined(separator: "\n") + "\n"
  }

  /// A command that does something itself, with its words after the program's name.
  private struct Leaf {
    var words: [String]
    var isDefault: Bool
    var command: ProgramDescription
  }

  private static func leaves(
    of command: ProgramDescription, _ words: [String] = [], isDefault: Bool = false
  ) -> [Leaf] {
    guard !command.subcommands.isEmpty else {
      return [Leaf(words: words, isDefault: isDefault, command: command)]
    }
    return command.subcommands.flatMap { inner in
      leaves(
        of: inner, words + [inner.name], isDefault: inner.name == command.defaultSubcommand)
    }
  }

  /// The arguments that all commands take; `help` takes none and does not count.
  private static func shared(_ leaves: [Leaf]) -> [ProgramDescription.Argument] {
    let rest = leaves.filter { $0.words.last != "help" }
    return (rest.first?.command.arguments ?? []).filter { argument in
      rest.allSatisfy { $0.command.arguments.contains(argument) }
    }
  }

  private func writeSynopsis(_ page: inout Writer) {
    page.macro("Sh", ["SYNOPSIS"])
    for leaf in Self.leaves(of: program) {
      page.macro("Nm", [RoffText.argument(program.name)])
      let words = leaf.words.map { "Cm " + RoffText.argument($0) }.joined(separator: " ")
      if leaf.isDefault {
        page.macro("Op", [words])
      } else if !words.isEmpty {
        page.line("." + words)
      }
      for argument in leaf.command.arguments {
        let shown = Self.synopsis(argument)
        if argument.isOptional { page.macro("Op", [shown]) } else { page.line("." + shown) }
      }
    }
  }

  private func writeCommands(_ page: inout Writer) {
    let leaves = Self.leaves(of: program)
    let shared = Self.shared(leaves)
    if !shared.isEmpty {
      page.macro("Sh", ["OPTIONS"])
      page.text("All commands take these:")
      Self.write(shared, &page)
    }
    page.macro("Sh", ["COMMANDS"])
    for leaf in leaves {
      page.macro("Ss", [RoffText.argument(leaf.words.joined(separator: " "))])
      page.text(leaf.command.abstract)
      if !leaf.command.discussion.isEmpty {
        page.macro("Pp")
        page.text(leaf.command.discussion)
      }
      Self.write(leaf.command.arguments.filter { !shared.contains($0) }, &page)
    }
  }

  private func writeSettings(_ page: inout Writer) {
    page.macro("Sh", ["CONFIGURATION"])
    page.text(settingsText)
    page.macro("Bl", ["-tag -width indent"])
    for group in settings.groups {
      for setting in group.settings {
        let value = RoffText.argument("= " + setting.value)
        page.macro("It", ["Cm " + RoffText.argument(setting.key) + " No " + value])
      }
      page.text(group.meaning)
    }
    page.macro("El")
  }

  private static func write(_ section: Section, _ page: inout Writer) {
    page.macro("Sh", [RoffText.argument(section.title)])
    page.text(section.text)
    guard !section.entries.isEmpty else { return }
    page.macro("Bl", ["-tag -width indent"])
    for entry in section.entries {
      page.macro("It", [RoffText.argument(entry.term)])
      page.text(entry.text)
    }
    page.macro("El")
  }

  private static func write(
    _ arguments: [ProgramDescription.Argument], _ page: inout Writer
  ) {
    guard !arguments.isEmpty else { return }
    page.macro("Bl", ["-tag -width indent"])
    for argument in arguments {
      page.macro("It", [head(argument)])
      page.text(argument.abstract)
      if let value = argument.defaultValue, !value.isEmpty, argument.kind != .flag {
        page.text("Default: \(value).")
      }
    }
    page.macro("El")
  }

  /// All spellings, for the list.
  private static func head(_ argument: ProgramDescription.Argument) -> String {
    guard argument.kind != .positional else { return "Ar " + RoffText.argument(argument.valueName) }
    let names = argument.spellings.map { "Fl " + RoffText.argument(String($0.dropFirst())) }
    let value = argument.kind == .option ? " Ar " + RoffText.argument(argument.valueName) : ""
    return names.joined(separator: " , ") + value
  }

  /// The longest spelling, for the synopsis.
  private static func synopsis(_ argument: ProgramDescription.Argument) -> String {
    var one = argument
    one.spellings = argument.spellings.max { $0.count < $1.count }.map { [$0] } ?? []
    return head(one) + (argument.isRepeating ? " ..." : "")
  }

  /// A sentence as the phrase behind a name.
  private static func phrase(_ sentence: String) -> String {
    let text = sentence.last == "." ? sentence.dropLast() : sentence[...]
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]

  /// As mdoc writes it: `December 1, 2026`.
  private static func date(_ milliseconds: Int64) -> String {
    let parts = ISO8601Time.text(milliseconds: milliseconds).prefix(10).split(separator: "-")
    guard parts.count == 3, let month = Int(parts[1]), let day = Int(parts[2]),
      months.indices.contains(month - 1)
    else { return "" }
    return "\(months[month - 1]) \(day), \(parts[0])"
  }
}

/// The lines of a page as they are written.
private struct Writer {
  var lines: [String] = []

  mutating func line(_ line: String) { lines.append(line) }

  mutating func macro(_ name: String, _ arguments: [String] = []) {
    lines.append(([".\(name)"] + arguments).joined(separator: " "))
  }

  mutating func text(_ text: String) {
    guard !text.isEmpty else { return }
    lines += RoffText.lines(text)
  }
}

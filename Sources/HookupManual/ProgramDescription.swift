import HookupCore

/// A program as its argument parser describes it.
package struct ProgramDescription: Hashable, Sendable {
  /// An argument, an option or a flag.
  package struct Argument: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
      case positional
      case option
      case flag
    }

    package var kind: Kind
    /// As they are typed: `--nick`, `-h`. Empty for a positional one.
    package var spellings: [String]
    package var valueName: String
    package var isOptional: Bool
    package var isRepeating: Bool
    package var abstract: String
    package var defaultValue: String?
  }

  package var name: String
  package var abstract: String
  package var discussion: String
  package var arguments: [Argument]
  /// Those that are shown.
  package var subcommands: [ProgramDescription]
  /// The name of the subcommand that is meant when none is given.
  package var defaultSubcommand: String?

  /// Reads what the argument parser prints for `--experimental-dump-help`.
  /// - Throws: ``HookupError/Code/invalidArgument`` when it is not that.
  package init(dump: String) throws(HookupError) {
    guard let command = try JSONValue(parsing: dump)["command"] else {
      throw HookupError(.invalidArgument, "the argument parser's description has no command")
    }
    try self.init(command)
  }

  private init(_ command: JSONValue) throws(HookupError) {
    guard let name = command["commandName"]?.stringValue else {
      throw HookupError(.invalidArgument, "the argument parser's description names no command")
    }
    self.name = name
    abstract = command["abstract"]?.stringValue ?? ""
    discussion = command["discussion"]?.stringValue ?? ""
    defaultSubcommand = command["defaultSubcommand"]?.stringValue
    arguments = (command["arguments"]?.arrayValue ?? []).compactMap(Argument.init)
    subcommands = []
    for inner in command["subcommands"]?.arrayValue ?? []
    where inner["shouldDisplay"]?.boolValue != false {
      subcommands.append(try ProgramDescription(inner))
    }
  }
}

extension ProgramDescription.Argument {
  /// Nil for one that is not shown.
  fileprivate init?(_ argument: JSONValue) {
    guard argument["shouldDisplay"]?.boolValue != false,
      let kind = argument["kind"]?.stringValue.flatMap(Kind.init(rawValue:))
    else { return nil }
    self.kind = kind
    spellings = (argument["names"]?.arrayValue ?? []).compactMap { name in
      guard let text = name["name"]?.stringValue else { return nil }
      return (name["kind"]?.stringValue == "long" ? "--" : "-") + text
    }
    valueName = argument["valueName"]?.stringValue ?? "value"
    isOptional = argument["isOptional"]?.boolValue ?? false
    isRepeating = argument["isRepeating"]?.boolValue ?? false
    abstract = argument["abstract"]?.stringValue ?? ""
    defaultValue = argument["defaultValue"]?.stringValue
  }
}

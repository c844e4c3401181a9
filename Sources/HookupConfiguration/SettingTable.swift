import HookupCore
import TOMLKit

/// The settings a configuration file may hold, and how each is read: TOML, and environment variables of the same names.
/// What is not given stays as it was; what is given must be known and right.
package struct SettingTable<Settings: Sendable>: Sendable {
  /// What a value must be, for a sentence.
  package struct Wrong: Error {
    package var wanted: String
    package init(wanted: String) { self.wanted = wanted }
  }

  package typealias Setting =
    @Sendable (any TOMLValueConvertible, inout Settings) throws(Wrong) -> Void

  /// By the dotted key: `limits.text-bytes`.
  package let known: [String: Setting]

  package init(_ known: [String: Setting]) { self.known = known }

  /// Applies a table's values; `path` is for messages, `prefix` stands in front of the keys in them. Returns what was given,
  /// by key, as it was written.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the unknown key and the nearest known one, or the key and what it
  ///   must be.
  /// - Parameter skipping: keys of the table that are read elsewhere.
  @discardableResult
  package func apply(
    _ table: TOMLTable, path: String, prefix: String = "", skipping: Set<String> = [],
    to settings: inout Settings
  ) throws(HookupError) -> [String: String] {
    var given: [String: String] = [:]
    for (key, value) in entries(of: table, skipping: skipping) {
      guard let setting = known[key] else {
        let nearest = SettingNames.nearest(to: key, among: known.keys)
        throw HookupError(
          .invalidArgument,
          "\(path): there is no setting '\(prefix)\(key)'; the nearest is '\(prefix)\(nearest)'")
      }
      do {
        try setting(value, &settings)
      } catch {
        throw HookupError(
          .invalidArgument, "\(path): '\(prefix)\(key)' must be \(error.wanted)")
      }
      given[key] = value.debugDescription
    }
    return given
  }

  /// Applies the variables that are settings: with the prefix `HOOKUP_X_`, `limits.text-bytes` is
  /// `HOOKUP_X_LIMITS_TEXT_BYTES`; a list is written with commas. Returns what was given, by key.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the variable, as ``apply(_:path:prefix:skipping:to:)``.
  @discardableResult
  package func apply(
    environment: [String: String], prefix: String, to settings: inout Settings
  ) throws(HookupError) -> [String: String] {
    var given: [String: String] = [:]
    let keys = Dictionary(
      uniqueKeysWithValues: known.keys.map { (SettingNames.variable($0, prefix: prefix), $0) })
    for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(prefix) {
      guard let key = keys[name], let setting = known[key] else {
        let nearest = SettingNames.nearest(to: name, among: keys.keys)
        throw HookupError(
          .invalidArgument,
          "the environment has \(name), which is no setting; the nearest is \(nearest)")
      }
      try apply(setting, name, text, to: &settings)
      given[key] = text
    }
    return given
  }

  /// A variable is text: what TOML would take it for is tried first, then the text itself, then a list.
  private func apply(
    _ setting: Setting, _ name: String, _ text: String, to settings: inout Settings
  ) throws(HookupError) {
    var values: [any TOMLValueConvertible] = []
    if let number = Int(text) { values.append(number) }
    if let flag = ["true": true, "false": false][text] { values.append(flag) }
    values.append(text)
    values.append(TOMLArray(text.split(separator: ",").map { String($0) }))
    var wanted = ""
    for value in values {
      do {
        return try setting(value, &settings)
      } catch {
        if wanted.isEmpty { wanted = error.wanted }
      }
    }
    throw HookupError(.invalidArgument, "\(name) must be \(wanted)")
  }

  /// The values with their dotted keys, in the order of the keys; tables are looked into.
  private func entries(
    of table: TOMLTable, prefix: String = "", skipping: Set<String> = []
  ) -> [(String, any TOMLValueConvertible)] {
    table.keys.sorted().flatMap { key -> [(String, any TOMLValueConvertible)] in
      guard !skipping.contains(key), let value = table[key] else { return [] }
      // A table stands for what is in it, unless it is where a value should be.
      guard let inner = value.table, known[prefix + key] == nil else {
        return [(prefix + key, value)]
      }
      return inner.isEmpty ? [] : entries(of: inner, prefix: prefix + key + ".")
    }
  }
}

// MARK: - Kinds of settings

extension SettingTable {
  package static func text(
    _ set: @escaping @Sendable (inout Settings, String) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      guard let text = value.string, !text.isEmpty else {
        throw Wrong(wanted: "text in quotes, not empty")
      }
      set(&settings, text)
    }
  }

  /// Text that means something else: nil when it does not.
  package static func parsed<Value>(
    _ wanted: String, _ parse: @escaping @Sendable (String) -> Value?,
    _ set: @escaping @Sendable (inout Settings, Value) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      guard let parsed = value.string.flatMap(parse) else { throw Wrong(wanted: wanted) }
      set(&settings, parsed)
    }
  }

  package static func number(
    _ allowed: ClosedRange<Int>, _ set: @escaping @Sendable (inout Settings, Int) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      guard let number = value.int, allowed.contains(number) else {
        throw Wrong(wanted: "a whole number from \(allowed.lowerBound) to \(allowed.upperBound)")
      }
      set(&settings, number)
    }
  }

  package static func list(
    _ set: @escaping @Sendable (inout Settings, [String]) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      let texts = value.array.map { $0.map { $0.string ?? "" } }
      guard let texts, !texts.contains("") else {
        throw Wrong(wanted: "a list of texts in quotes: [\"one\", \"two\"]")
      }
      set(&settings, texts)
    }
  }

  package static func flag(
    _ set: @escaping @Sendable (inout Settings, Bool) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      guard let flag = value.bool else { throw Wrong(wanted: "true or false") }
      set(&settings, flag)
    }
  }
}

// MARK: - TOML

extension TOMLTable {
  /// Reads a file's text; `path` is for messages.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the place.
  package convenience init(text: String, path: String) throws(HookupError) {
    do {
      try self.init(string: text)
    } catch let error as TOMLParseError {
      let place = error.source.begin
      throw HookupError(
        .invalidArgument,
        "\(path):\(place.line):\(place.column): this is not TOML: \(error.description)",
        cause: error)
    } catch {
      throw HookupError(.invalidArgument, "\(path): this is not TOML: \(error)", cause: error)
    }
  }
}

/// Names of settings and what is near them.
package enum SettingNames {
  package static func variable(_ key: String, prefix: String) -> String {
    prefix + String(key.map { $0 == "." || $0 == "-" ? "_" : Character($0.uppercased()) })
  }

  package static func nearest(to name: String, among names: some Sequence<String>) -> String {
    names.sorted().min { distance($0, name) < distance($1, name) } ?? ""
  }

  /// Levenshtein's distance: how many characters have to be added, removed or replaced.
  package static func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right.prefix(100))
    var row = Array(0...right.count)
    for (index, character) in left.prefix(100).enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in 0..<right.count {
        let replaced = diagonal + (character == right[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }
}

import HookupEngine
import Logging
import TOMLKit

/// The configuration file: TOML. What is not in it stays as it was; what is in it must be known and right.
enum ConfigurationFile {
  /// A file with every setting, commented out, its default and its meaning.
  static var sample: String {
    String(decoding: PackageResources.hookup_chat_server_toml, as: UTF8.self)
  }

  /// Applies the file's `text`; `path` is for messages.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the file and the place, the unknown key and the nearest known one,
  ///   or the key and what it must be.
  static func apply(
    _ text: String, path: String, to settings: inout ServerSettings
  ) throws(HookupError) {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let place = error.source.begin
      throw HookupError(
        .invalidArgument,
        "\(path):\(place.line):\(place.column): this is not TOML: \(error.description)",
        cause: error)
    } catch {
      throw HookupError(.invalidArgument, "\(path): this is not TOML: \(error)", cause: error)
    }
    for (key, value) in entries(of: table) {
      guard let entry = known[key] else { throw unknown(key, path) }
      do {
        try entry(value, &settings)
      } catch {
        throw HookupError(.invalidArgument, "\(path): '\(key)' must be \(error.wanted)")
      }
      settings.given[key] = value.debugDescription
    }
    try checkTLS(of: settings, path)
  }

  /// What the name of every variable begins with that is a setting.
  static let variablePrefix = "HOOKUP_SERVER_"

  /// Applies the variables that are settings: `limits.text-bytes` is `HOOKUP_SERVER_LIMITS_TEXT_BYTES`; a list is written with commas.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the variable, as ``apply(_:path:to:)``.
  static func apply(
    environment: [String: String], to settings: inout ServerSettings
  ) throws(HookupError) {
    let keys = Dictionary(uniqueKeysWithValues: known.keys.map { (variable($0), $0) })
    for (name, text) in environment.sorted(by: { $0.key < $1.key })
    where name.hasPrefix(variablePrefix) {
      guard let key = keys[name], let entry = known[key] else {
        let nearest = keys.keys.sorted().min { distance($0, name) < distance($1, name) } ?? ""
        throw HookupError(
          .invalidArgument,
          "the environment has \(name), which is no setting; the nearest is \(nearest)")
      }
      try apply(entry, name, text, to: &settings)
      settings.given[key] = text
    }
    try checkTLS(of: settings, "the environment")
  }

  private static func variable(_ key: String) -> String {
    variablePrefix
      + String(key.map { $0 == "." || $0 == "-" ? "_" : Character($0.uppercased()) })
  }

  /// A variable is text: what TOML would take it for is tried first, then the text itself, then a list.
  private static func apply(
    _ entry: Setting, _ name: String, _ text: String, to settings: inout ServerSettings
  ) throws(HookupError) {
    var values: [any TOMLValueConvertible] = []
    if let number = Int(text) { values.append(number) }
    if let flag = ["true": true, "false": false][text] { values.append(flag) }
    values.append(text)
    values.append(TOMLArray(text.split(separator: ",").map { String($0) }))
    var wanted = ""
    for value in values {
      do {
        return try entry(value, &settings)
      } catch {
        if wanted.isEmpty { wanted = error.wanted }
      }
    }
    throw HookupError(.invalidArgument, "\(name) must be \(wanted)")
  }

  private static func checkTLS(
    of settings: ServerSettings, _ path: String
  ) throws(HookupError) {
    if let tls = settings.chat.server.tls,
      tls.certificateChainFile.isEmpty || tls.privateKeyFile.isEmpty
    {
      throw HookupError(
        .invalidArgument,
        "\(path): 'tls.certificate-chain' and 'tls.private-key' go together, and nothing of 'tls' "
          + "goes without them")
    }
  }

  /// The values with their dotted keys, in the order of the keys; tables are looked into.
  private static func entries(
    of table: TOMLTable, prefix: String = ""
  ) -> [(String, any TOMLValueConvertible)] {
    table.keys.sorted().flatMap { key -> [(String, any TOMLValueConvertible)] in
      guard let value = table[key] else { return [] }
      // A table stands for what is in it, unless it is where a value should be.
      guard let inner = value.table, known[prefix + key] == nil else {
        return [(prefix + key, value)]
      }
      return inner.isEmpty ? [] : entries(of: inner, prefix: prefix + key + ".")
    }
  }

  private static func unknown(_ key: String, _ path: String) -> HookupError {
    let nearest = known.keys.sorted().min { distance($0, key) < distance($1, key) } ?? ""
    return HookupError(
      .invalidArgument, "\(path): there is no setting '\(key)'; the nearest is '\(nearest)'")
  }

  // MARK: The keys

  /// What a value must be, for a sentence.
  struct Wrong: Error {
    var wanted: String
  }

  typealias Setting =
    @Sendable (any TOMLValueConvertible, inout ServerSettings) throws(Wrong) -> Void

  static let known: [String: Setting] = [
    "host": text { $0.chat.server.host = $1 },
    "port": number(0...65_535) { $0.chat.server.port = $1 },
    "data": text { $0.data = $1 },
    "log-level": logLevel,
    "ping-path": text { $0.chat.server.pingPath = $1 },
    "hello-timeout": number(1...86_400) { $0.chat.helloTimeout = .seconds($1) },
    "drain-window": number(0...600) { $0.chat.server.drainWindow = .seconds($1) },
    "restart-time": number(0...600) { $0.chat.server.restartTime = .seconds($1) },
    "trusted-proxies": list { $0.chat.server.trustedProxies = $1 },
    "proxy-protocol": flag { $0.chat.server.usesProxyProtocol = $1 },
    "unix-socket": text { $0.chat.server.unixSocketPath = $1 },
    "unix-socket-mode": mode,
    "allowed-origins": list { $0.chat.server.allowedOrigins = .list($1) },
    "allowed-hosts": list { $0.chat.server.allowedHosts = $1 },
    "tls.certificate-chain": text { $0.tls.certificateChainFile = $1 },
    "tls.private-key": text { $0.tls.privateKeyFile = $1 },
    "tls.minimum-version": version,
    "tls.client-authorities": text {
      $0.tls.clientCertificates = .required(authoritiesFile: $1)
    },
    "limits.connections": number(1...1_000_000) { $0.chat.server.limits.maximumConnections = $1 },
    "limits.connections-per-address": number(1...1_000_000) {
      $0.chat.server.limits.maximumConnectionsPerAddress = $1
    },
    "limits.message-bytes": number(1_024...(64 << 20)) {
      $0.chat.server.limits.maximumMessageBytes = $1
    },
    "limits.text-bytes": number(1...(32 << 10)) { $0.chat.limits.textBytes = $1 },
    "limits.topic-bytes": number(1...(4 << 10)) { $0.chat.limits.topicBytes = $1 },
    "limits.rooms": number(1...10_000_000) {
      $0.store.maximumRooms = $1
      $0.chat.maximumOpenRooms = $1
    },
    "limits.direct-rooms": number(0...100_000_000) { $0.store.maximumDirectRooms = $1 },
    "limits.rooms-per-connection": number(1...10_000) { $0.chat.limits.roomsPerConnection = $1 },
    "limits.outstanding-commands": number(1...100_000) { $0.chat.limits.outstandingCommands = $1 },
    "limits.page": number(1...1_000) { $0.chat.limits.page = $1 },
    "limits.presence-members": number(0...1_000_000) { $0.chat.presenceMembers = $1 },
    "limits.readers-per-room": number(1...10_000_000) { $0.chat.readersPerRoom = $1 },
    "limits.connections-per-person": number(1...1_000) { $0.chat.connectionsPerPerson = $1 },
    "limits.commands-per-second": number(0...1_000_000) {
      $0.chat.commandsPerPerson.perSecond = $1
    },
    "limits.commands-burst": number(1...10_000_000) { $0.chat.commandsPerPerson.burst = $1 },
    "limits.address-commands-per-second": number(0...1_000_000) {
      $0.chat.commandsPerAddress.perSecond = $1
    },
    "limits.address-commands-burst": number(1...10_000_000) {
      $0.chat.commandsPerAddress.burst = $1
    },
    "limits.searches-per-second": number(0...1_000_000) { $0.chat.searches.perSecond = $1 },
    "limits.searches-burst": number(1...10_000_000) { $0.chat.searches.burst = $1 },
    "limits.search-seconds": number(1...3_600) { $0.store.searchTime = .seconds($1) },
    "limits.bad-commands": number(0...1_000_000) { $0.chat.badCommands = $1 },
    "limits.unsent-bytes": number((64 << 10)...(1 << 30)) {
      $0.chat.server.limits.sendBufferHighBytes = $1
      $0.chat.server.limits.sendBufferLowBytes = $1 / 4
    },
    "limits.accounts": number(0...100_000_000) { $0.store.maximumAccounts = $1 },
    "limits.rooms-per-person": number(0...100_000) { $0.store.roomsPerPerson = $1 },
    "limits.devices-per-account": number(1...1_000) { $0.store.devicesPerAccount = $1 },
    "accounts.guests": flag { $0.accounts.allowsGuests = $1 },
    "accounts.registration": flag { $0.accounts.allowsRegistration = $1 },
    "accounts.reserved-nicks": nicks { $0.accounts.reservedNicks = $1 },
    "accounts.operators": nicks { $0.accounts.operators = $1 },
    "accounts.logins-per-address": number(1...100_000) { $0.accounts.loginsPerAddress.burst = $1 },
    "accounts.logins-per-account": number(1...100_000) { $0.accounts.loginsPerAccount.burst = $1 },
    "accounts.registrations-per-address": number(1...100_000) {
      $0.accounts.registrationsPerAddress.burst = $1
    },
    "retention.days": number(1...36_500) { $0.chat.retention.seconds = $1 * 86_400 },
    "retention.entries": number(1...1_000_000_000) { $0.chat.retention.entries = $1 },
    "retention.bytes": number(1...(1 << 40)) { $0.chat.retention.bytes = $1 },
    "log-format": logFormat,
    "audit-log": text { $0.auditLog = $1 },
    "observe": text { $0.observe = $1 },
    "admin-socket": text { $0.adminSocket = $1 },
  ]

  private static func text(
    _ set: @escaping @Sendable (inout ServerSettings, String) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      guard let text = value.string, !text.isEmpty else {
        throw Wrong(wanted: "text in quotes, not empty")
      }
      set(&settings, text)
    }
  }

  private static func number(
    _ allowed: ClosedRange<Int>, _ set: @escaping @Sendable (inout ServerSettings, Int) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      guard let number = value.int, allowed.contains(number) else {
        throw Wrong(wanted: "a whole number from \(allowed.lowerBound) to \(allowed.upperBound)")
      }
      set(&settings, number)
    }
  }

  private static func list(
    _ set: @escaping @Sendable (inout ServerSettings, [String]) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      let texts = value.array.map { $0.map { $0.string ?? "" } }
      guard let texts, !texts.contains("") else {
        throw Wrong(wanted: "a list of texts in quotes: [\"one\", \"two\"]")
      }
      set(&settings, texts)
    }
  }

  /// Folded. One that cannot be anybody's would otherwise be missing without a word.
  private static func nicks(
    _ set: @escaping @Sendable (inout ServerSettings, Set<String>) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      let nicks = value.array.map { $0.map { try? Nick($0.string ?? "").folded } }
      guard let nicks, !nicks.contains(nil) else {
        throw Wrong(wanted: "a list of nicks in quotes, each one that somebody may have")
      }
      set(&settings, Set(nicks.compactMap { $0 }))
    }
  }

  private static func flag(
    _ set: @escaping @Sendable (inout ServerSettings, Bool) -> Void
  ) -> Setting {
    { value, settings throws(Wrong) in
      guard let flag = value.bool else { throw Wrong(wanted: "true or false") }
      set(&settings, flag)
    }
  }

  private static let logFormat: Setting = { value, settings throws(Wrong) in
    guard let format = value.string.flatMap(LogFormat.init(rawValue:)) else {
      throw Wrong(wanted: "\"text\" or \"json\"")
    }
    settings.logFormat = format
  }

  private static let mode: Setting = { value, settings throws(Wrong) in
    guard let mode = value.string.flatMap({ UInt16($0, radix: 8) }), mode <= 0o777 else {
      throw Wrong(wanted: "permissions as octal digits in quotes: \"0600\"")
    }
    settings.chat.server.unixSocketMode = mode
  }

  private static let version: Setting = { value, settings throws(Wrong) in
    switch value.string {
    case "1.2": settings.tls.minimumVersion = .tls12
    case "1.3": settings.tls.minimumVersion = .tls13
    default: throw Wrong(wanted: "\"1.2\" or \"1.3\"")
    }
  }

  private static let logLevel: Setting = { value, settings throws(Wrong) in
    guard let level = value.string.flatMap(Logger.Level.init(rawValue:)) else {
      throw Wrong(wanted: "one of " + Logger.Level.names)
    }
    settings.logLevel = level
  }

  /// Levenshtein's distance: how many characters have to be added, removed or replaced.
  static func distance(_ left: String, _ right: String) -> Int {
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

extension Logger.Level {
  /// All levels, for a sentence.
  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

import HookupConfiguration
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
    let given = try known.apply(TOMLTable(text: text, path: path), path: path, to: &settings)
    settings.given.merge(given) { _, new in new }
    try checkTLS(of: settings, path)
  }

  /// What the name of every variable begins with that is a setting.
  static let variablePrefix = "HOOKUP_SERVER_"

  /// Applies the variables that are settings: `limits.text-bytes` is `HOOKUP_SERVER_LIMITS_TEXT_BYTES`; a list is written with commas.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the variable, as ``apply(_:path:to:)``.
  static func apply(
    environment: [String: String], to settings: inout ServerSettings
  ) throws(HookupError) {
    let given = try known.apply(
      environment: environment, prefix: variablePrefix, to: &settings)
    settings.given.merge(given) { _, new in new }
    try checkTLS(of: settings, "the environment")
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

  // MARK: The keys

  private typealias Table = SettingTable<ServerSettings>

  static let known = SettingTable<ServerSettings>([
    "host": Table.text { $0.chat.server.host = $1 },
    "port": Table.number(0...65_535) { $0.chat.server.port = $1 },
    "data": Table.text { $0.data = $1 },
    "log-level": logLevel,
    "ping-path": Table.text { $0.chat.server.pingPath = $1 },
    "hello-timeout": Table.number(1...86_400) { $0.chat.helloTimeout = .seconds($1) },
    "drain-window": Table.number(0...600) { $0.chat.server.drainWindow = .seconds($1) },
    "restart-time": Table.number(0...600) { $0.chat.server.restartTime = .seconds($1) },
    "trusted-proxies": Table.list { $0.chat.server.trustedProxies = $1 },
    "proxy-protocol": Table.flag { $0.chat.server.usesProxyProtocol = $1 },
    "unix-socket": Table.text { $0.chat.server.unixSocketPath = $1 },
    "unix-socket-mode": mode,
    "allowed-origins": Table.list { $0.chat.server.allowedOrigins = .list($1) },
    "allowed-hosts": Table.list { $0.chat.server.allowedHosts = $1 },
    "tls.certificate-chain": Table.text { $0.tls.certificateChainFile = $1 },
    "tls.private-key": Table.text { $0.tls.privateKeyFile = $1 },
    "tls.minimum-version": version,
    "tls.client-authorities": Table.text {
      $0.tls.clientCertificates = .required(authoritiesFile: $1)
    },
    "limits.connections": Table.number(1...1_000_000) {
      $0.chat.server.limits.maximumConnections = $1
    },
    "limits.connections-per-address": Table.number(1...1_000_000) {
      $0.chat.server.limits.maximumConnectionsPerAddress = $1
    },
    "limits.message-bytes": Table.number(1_024...(64 << 20)) {
      $0.chat.server.limits.maximumMessageBytes = $1
    },
    "limits.text-bytes": Table.number(1...(32 << 10)) { $0.chat.limits.textBytes = $1 },
    "limits.topic-bytes": Table.number(1...(4 << 10)) { $0.chat.limits.topicBytes = $1 },
    "limits.rooms": Table.number(1...10_000_000) {
      $0.store.maximumRooms = $1
      $0.chat.maximumOpenRooms = $1
    },
    "limits.direct-rooms": Table.number(0...100_000_000) { $0.store.maximumDirectRooms = $1 },
    "limits.rooms-per-connection": Table.number(1...10_000) {
      $0.chat.limits.roomsPerConnection = $1
    },
    "limits.outstanding-commands": Table.number(1...100_000) {
      $0.chat.limits.outstandingCommands = $1
    },
    "limits.page": Table.number(1...1_000) { $0.chat.limits.page = $1 },
    "limits.presence-members": Table.number(0...1_000_000) { $0.chat.presenceMembers = $1 },
    "limits.readers-per-room": Table.number(1...10_000_000) { $0.chat.readersPerRoom = $1 },
    "limits.connections-per-person": Table.number(1...1_000) { $0.chat.connectionsPerPerson = $1 },
    "limits.commands-per-second": Table.number(0...1_000_000) {
      $0.chat.commandsPerPerson.perSecond = $1
    },
    "limits.commands-burst": Table.number(1...10_000_000) { $0.chat.commandsPerPerson.burst = $1 },
    "limits.address-commands-per-second": Table.number(0...1_000_000) {
      $0.chat.commandsPerAddress.perSecond = $1
    },
    "limits.address-commands-burst": Table.number(1...10_000_000) {
      $0.chat.commandsPerAddress.burst = $1
    },
    "limits.searches-per-second": Table.number(0...1_000_000) { $0.chat.searches.perSecond = $1 },
    "limits.searches-burst": Table.number(1...10_000_000) { $0.chat.searches.burst = $1 },
    "limits.search-seconds": Table.number(1...3_600) { $0.store.searchTime = .seconds($1) },
    "limits.bad-commands": Table.number(0...1_000_000) { $0.chat.badCommands = $1 },
    "limits.unsent-bytes": Table.number((64 << 10)...(1 << 30)) {
      $0.chat.server.limits.sendBufferHighBytes = $1
      $0.chat.server.limits.sendBufferLowBytes = $1 / 4
    },
    "limits.accounts": Table.number(0...100_000_000) { $0.store.maximumAccounts = $1 },
    "limits.rooms-per-person": Table.number(0...100_000) { $0.store.roomsPerPerson = $1 },
    "limits.devices-per-account": Table.number(1...1_000) { $0.store.devicesPerAccount = $1 },
    "accounts.guests": Table.flag { $0.accounts.allowsGuests = $1 },
    "accounts.registration": Table.flag { $0.accounts.allowsRegistration = $1 },
    "accounts.reserved-nicks": nicks { $0.accounts.reservedNicks = $1 },
    "accounts.operators": nicks { $0.accounts.operators = $1 },
    "accounts.logins-per-address": Table.number(1...100_000) {
      $0.accounts.loginsPerAddress.burst = $1
    },
    "accounts.logins-per-account": Table.number(1...100_000) {
      $0.accounts.loginsPerAccount.burst = $1
    },
    "accounts.registrations-per-address": Table.number(1...100_000) {
      $0.accounts.registrationsPerAddress.burst = $1
    },
    "retention.days": Table.number(1...36_500) { $0.chat.retention.seconds = $1 * 86_400 },
    "retention.entries": Table.number(1...1_000_000_000) { $0.chat.retention.entries = $1 },
    "retention.bytes": Table.number(1...(1 << 40)) { $0.chat.retention.bytes = $1 },
    "log-format": logFormat,
    "audit-log": Table.text { $0.auditLog = $1 },
    "observe": Table.text { $0.observe = $1 },
    "admin-socket": Table.text { $0.adminSocket = $1 },
  ])

  /// Folded. One that cannot be anybody's would otherwise be missing without a word.
  private static func nicks(
    _ set: @escaping @Sendable (inout ServerSettings, Set<String>) -> Void
  ) -> Table.Setting {
    { value, settings throws(Table.Wrong) in
      let nicks = value.array.map { $0.map { try? Nick($0.string ?? "").folded } }
      guard let nicks, !nicks.contains(nil) else {
        throw Table.Wrong(wanted: "a list of nicks in quotes, each one that somebody may have")
      }
      set(&settings, Set(nicks.compactMap { $0 }))
    }
  }

  private static let logFormat: Table.Setting = { value, settings throws(Table.Wrong) in
    guard let format = value.string.flatMap(LogFormat.init(rawValue:)) else {
      throw Table.Wrong(wanted: "\"text\" or \"json\"")
    }
    settings.logFormat = format
  }

  private static let mode: Table.Setting = { value, settings throws(Table.Wrong) in
    guard let mode = value.string.flatMap({ UInt16($0, radix: 8) }), mode <= 0o777 else {
      throw Table.Wrong(wanted: "permissions as octal digits in quotes: \"0600\"")
    }
    settings.chat.server.unixSocketMode = mode
  }

  private static let version: Table.Setting = { value, settings throws(Table.Wrong) in
    switch value.string {
    case "1.2": settings.tls.minimumVersion = .tls12
    case "1.3": settings.tls.minimumVersion = .tls13
    default: throw Table.Wrong(wanted: "\"1.2\" or \"1.3\"")
    }
  }

  private static let logLevel: Table.Setting = { value, settings throws(Table.Wrong) in
    guard let level = value.string.flatMap(Logger.Level.init(rawValue:)) else {
      throw Table.Wrong(wanted: "one of " + Logger.Level.names)
    }
    settings.logLevel = level
  }
}

extension Logger.Level {
  /// All levels, for a sentence.
  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

import ArgumentParser
import HookupCore
import HookupEngine
import HookupSQLite
import Logging
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `hookup-chat-server serve`: what the program does when it is not told anything else.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the chat (the default).",
    discussion: """
      Prints one line, 'listening on ws://HOST:PORT/', to standard output when it is ready, and logs to \
      standard error. SIGTERM and SIGINT end it in good order, with exit code 0; SIGHUP makes it read its \
      configuration and certificates again.
      """)

  @Option(help: "The address to listen on. (default: 127.0.0.1, this machine only)")
  var host: String?

  @Option(help: "The TCP port; 0 picks a free one. (default: 8127)")
  var port: Int?

  @Option(
    help: ArgumentHelp(
      "A Unix-domain socket to listen on instead of an address and port.", valueName: "path"))
  var unixSocket: String?

  @Option(
    help: ArgumentHelp(
      "Where rooms are kept; one server at a time. (default: $XDG_DATA_HOME/hookup)",
      valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("A TOML file; flags win over it.", valueName: "file"))
  var config: String?

  @Option(help: ArgumentHelp("\(Logger.Level.names). (default: info)", valueName: "level"))
  var logLevel: String?

  @Option(
    help: ArgumentHelp(
      "Answer /healthz, /readyz and /metrics there. (default: nowhere)", valueName: "host:port"))
  var observe: String?

  @Flag(
    help: "Print a configuration file with every setting, its default and its meaning; then end.")
  var printConfig = false

  @Flag(help: "Look at the configuration, TLS files included, and say what is wrong; then end.")
  var checkConfig = false

  func validate() throws {
    if let port, !(0...65_535).contains(port) {
      throw ValidationError("--port is \(port): it must be 0 to 65535.")
    }
    if let logLevel, Logger.Level(rawValue: logLevel) == nil {
      throw ValidationError("--log-level '\(logLevel)' is not one of \(Logger.Level.names).")
    }
    if host?.isEmpty == true { throw ValidationError("--host is empty.") }
    if unixSocket?.isEmpty == true { throw ValidationError("--unix-socket is empty.") }
    if data?.isEmpty == true { throw ValidationError("--data is empty.") }
  }

  func run() async throws {
    // A reader of the output that goes away must not end the server.
    signal(SIGPIPE, SIG_IGN)
    // Trapped later; until then it must not end the server either.
    signal(SIGHUP, SIG_IGN)
    do {
      if printConfig { return try StandardStreams.print(ConfigurationFile.sample) }
      let settings = try settings()
      guard checkConfig else { return try await serve(settings) }
      try settings.chat.check()
      if let observe = settings.observe { _ = try Observing.parse(observe) }
      try StandardStreams.print("\(config ?? "the configuration") is right\n")
    } catch let error as HookupError {
      throw StandardStreams.failure(error)
    }
  }

  /// Flags over the environment over the file over the defaults.
  private func settings() throws(HookupError) -> ServerSettings {
    var settings = ServerSettings()
    if let config {
      try ConfigurationFile.apply(
        try StandardStreams.contents(of: config), path: config, to: &settings)
    }
    try ConfigurationFile.apply(environment: StandardStreams.environment, to: &settings)
    if let host { settings.chat.server.host = host }
    if let port { settings.chat.server.port = port }
    if let unixSocket { settings.chat.server.unixSocketPath = unixSocket }
    if let data { settings.data = data }
    if let observe { settings.observe = observe }
    if let level = logLevel.flatMap(Logger.Level.init(rawValue:)) { settings.logLevel = level }
    // A flag stays what it is: a reload has nothing to say about what the file wants instead.
    let flags = [
      "host": host, "port": port.map { "\($0)" }, "unix-socket": unixSocket, "data": data,
      "observe": observe, "log-level": logLevel,
    ]
    for case (let key, let value?) in flags { settings.given[key] = value }
    return settings
  }

  private func serve(_ settings: ServerSettings) async throws {
    LogOutput.level.set(settings.logLevel)
    LoggingSystem.bootstrap { LogOutput(label: $0, format: settings.logFormat) }
    let logger = Logger(label: "hookup.chat")
    let directory = try settings.directory()
    let store = try SQLiteChatStore(directory: directory, limits: settings.store)
    var chat = settings.chat
    chat.server.onStart = { address in
      StandardStreams.say("listening on \(address.url)", to: STDOUT_FILENO)
      ServiceManager.tell(.ready("listening on \(address.url)"))
    }
    let audit = try settings.auditLog.map { path throws(HookupError) in try AuditLog(path: path) }
    if let audit { chat.audit = audit.write }
    logger.debug("opened", metadata: ["data": "\(directory)", "store": "\(store.id)"])
    let server = ChatServer(configuration: chat, store: store, logger: logger)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(
            service: Reloading(
              server: server, audit: audit, logger: logger,
              read: { () throws(HookupError) in try self.settings() }, first: settings))
        ] + (try observing(server, settings, in: directory, logger))
          + (try administration(server, store, settings, in: directory, logger)) + [
            .init(
              service: server, successTerminationBehavior: .gracefullyShutdownGroup,
              failureTerminationBehavior: .cancelGroup),
            // Services are stopped from the last to the first: the manager hears of it before anybody is seen off.
            .init(service: StopNotice()),
          ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do {
      try await group.run()
    } catch {
      try? await store.close()
      throw error
    }
    try await store.close()
  }

  private func observing(
    _ server: ChatServer, _ settings: ServerSettings, in directory: String, _ logger: Logger
  ) throws(HookupError) -> [ServiceGroupConfiguration.ServiceConfiguration] {
    guard let address = settings.observe else { return [] }
    let files = StoreFiles(directory: directory)
    return [.init(service: try Observing(server, files, at: address, logger: logger))]
  }

  private func administration(
    _ server: ChatServer, _ store: any ChatStore, _ settings: ServerSettings, in directory: String,
    _ logger: Logger
  ) throws(HookupError) -> [ServiceGroupConfiguration.ServiceConfiguration] {
    guard let path = settings.adminSocket(in: directory) else { return [] }
    guard path.utf8.count <= ServerConfiguration.maximumUnixSocketPathBytes else {
      logger.warning(
        "no admin socket: its path is too long; set 'admin-socket' to a shorter one",
        metadata: ["path": "\(path)"])
      return []
    }
    return [.init(service: Administration(of: server, store: store, at: path))]
  }
}

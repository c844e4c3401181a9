import HookupCore
import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The chat server: rooms with durable, numbered logs, over a ``HookupServer``. What it speaks is on the chat protocol page.
///
/// ```swift
/// let store = try SQLiteChatStore(directory: "/var/lib/hookup")
/// var configuration = ChatServerConfiguration(port: 0)
/// configuration.server.onStart = { address in print("listening on \(address.url)") }
/// try await ChatServer(configuration: configuration, store: store).run()
/// try await store.close()
/// ```
///
/// A message is confirmed to its sender, by `stored` and by the ack if it asked for one, after it is committed. Messages that
/// come in while a commit is under way are committed together.
public final class ChatServer: Service, Sendable {
  public let configuration: ChatServerConfiguration
  let server: HookupServer
  let hub: ChatHub

  /// - Parameters:
  ///   - store: where the rooms are kept. It stays open: the caller closes it after ``run()``.
  ///   - logger: hears of connections and of the store's failures, never of what is said.
  public convenience init(
    configuration: ChatServerConfiguration = ChatServerConfiguration(), store: any ChatStore,
    logger: Logger = Logger(label: "hookup.chat")
  ) {
    self.init(
      configuration: configuration, store: store, logger: logger,
      random: SystemRandomNumberGenerator())
  }

  /// `random`: draws the client ids of connections that name none.
  package init(
    configuration: ChatServerConfiguration, store: any ChatStore, logger: Logger,
    random: some RandomNumberGenerator & Sendable
  ) {
    var configuration = configuration
    configuration.server.acknowledgements = .byHandler
    if configuration.offersSessions {
      var sessions = configuration.server.sessions ?? SessionOptions(store: store)
      // Cursors belong where the entries are.
      sessions.store = store
      // What readers missed is in the rooms' logs.
      sessions.replay = .none
      configuration.server.sessions = sessions
    } else {
      configuration.server.sessions = nil
    }
    self.configuration = configuration
    let accounts = configuration.accounts.map {
      AccountService(
        store: store, settings: $0, clock: configuration.clock, audit: configuration.audit)
    }
    let hub = ChatHub(
      settings: configuration.hubSettings, store: store, accounts: accounts,
      loop: MultiThreadedEventLoopGroup.singleton.next(), clock: configuration.clock,
      audit: configuration.audit, logger: logger)
    let generator = LockedGenerator(random)
    self.hub = hub
    server = HookupServer(configuration: configuration.server, logger: logger) { connection in
      await ChatConversation(connection: connection, hub: hub).run(fallback: generator.clientID())
    }
  }

  /// Where it listens; nil before and after.
  public var address: ServerAddress? { server.address }

  /// Serves until it is told to stop: by the graceful shutdown of a `ServiceGroup`, by ``shutDown()``, or by the
  /// cancellation of its task. Then closes every connection and returns when everything that was said is committed. Runs
  /// once.
  /// - Throws: as ``HookupServer/run()`` does, and ``HookupError/Code/invalidArgument`` for bounds that contradict each other.
  public func run() async throws {
    try configuration.validate()
    // Before the first one comes.
    try await loadBans()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.hub.writeEntries() }
      group.addTask { await self.hub.answerReads() }
      group.addTask { await self.hub.answerQuestions() }
      group.addTask { await self.hub.pumpOverflows() }
      group.addTask { await self.hub.probeStore() }
      if !configuration.retention.keepsAll {
        group.addTask { await self.hub.trim(self.configuration) }
      }
      // Whatever ends the server, the store's queues are emptied before this returns.
      defer { hub.finish() }
      try await server.run()
    }
  }

  /// Begins an orderly end: ``run()`` returns when it is done. From any task, at any time; later calls change nothing.
  public func shutDown() {
    server.shutDown()
  }

  /// The same, with all of `window` for the clients to come back in: ``HookupServer/drain(over:)``.
  public func drain(over window: Duration) {
    server.drain(over: window)
  }

  /// How the server stands, for an operator. Asks its event loop: not for each message.
  public func measures() async -> ChatMeasures { await hub.measure() }

  /// Whether it listens, and can store what is said.
  public func health() async -> (isReady: Bool, reason: String?) {
    let failure = await hub.measure().storeFailure
    guard address != nil else { return (false, failure ?? "the server does not listen") }
    return (failure == nil, failure)
  }

  /// Takes other bounds over from `configuration`: ``ChatServerConfiguration/limits``, rates, times. Nobody is disconnected; who is
  /// connected was told the old ones. Where the server listens, its TLS and the store's bounds stay.
  /// - Throws: ``HookupError/Code/invalidArgument`` for bounds that contradict each other; then nothing changes.
  public func reconfigure(_ configuration: ChatServerConfiguration) throws(HookupError) {
    // What the connections are bounded by stays as it is: the new limits have to fit into that.
    var next = configuration
    next.server = self.configuration.server
    try next.validate()
    var settings = next.hubSettings
    settings.hasAccounts = self.configuration.accounts != nil
    hub.tell(.configured(settings))
  }

  /// Reads the certificates again, as ``HookupServer/reloadTLS()`` does.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the file that cannot be used, or without TLS.
  public func reloadTLS() async throws(HookupError) {
    try await server.reloadTLS()
  }
}

extension ChatServerConfiguration {
  var hubSettings: ChatHubSettings {
    var settings = ChatHubSettings()
    settings.limits = limits
    settings.maximumOpenRooms = maximumOpenRooms
    settings.presenceMembers = presenceMembers
    settings.helloTimeout = helloTimeout
    settings.allowsGuests = accounts?.allowsGuests ?? true
    settings.readersPerRoom = readersPerRoom
    settings.personRate = Self.rate(commandsPerPerson)
    settings.addressRate = Self.rate(commandsPerAddress)
    settings.searchRate = Self.rate(searches)
    settings.badCommands = badCommands
    settings.connectionsPerClient = connectionsPerPerson
    settings.pageEntries = min(settings.pageEntries, limits.page)
    return settings
  }

  private static func rate(_ pair: (perSecond: Int, burst: Int)) -> TokenBucket.Rate {
    TokenBucket.Rate(perSecond: pair.perSecond, burst: pair.burst)
  }
}

/// A random generator that connections share.
private final class LockedGenerator: Sendable {
  private let generator: Mutex<any RandomNumberGenerator & Sendable>

  init(_ generator: some RandomNumberGenerator & Sendable) {
    self.generator = Mutex(generator)
  }

  func clientID() -> ClientID {
    generator.withLock { ClientID(random: &$0) }
  }
}

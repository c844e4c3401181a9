import HookupCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// A WebSocket server: one handler for each connection, and plain HTTP beside it for a health check and static files.
///
/// ```swift
/// let server = HookupServer { connection in
///   for await event in connection.events {
///     if case .text(let text) = event { try await connection.send(.text(text)) }
///   }
/// }
/// try await server.run()
/// ```
///
/// ``run()`` serves until it is told to stop: by the graceful shutdown of a `ServiceGroup`, by ``shutDown()``, or by
/// the cancellation of its task. It runs once.
public final class HookupServer: Service, Sendable {
  public let configuration: ServerConfiguration
  public let logger: Logger
  let handler: @Sendable (ServerConnection) async throws -> Void
  let frameHandler: (any FrameHandler)?
  let registry = ConnectionRegistry()
  /// Nil when no sessions are offered.
  let sessions: SessionRegistry?
  let tracker: ConnectionTracker
  let tls = TLSContextStore()
  let lifecycle = Mutex(Lifecycle())
  let accepted: AsyncStream<ServerConnection>
  let acceptedContinuation: AsyncStream<ServerConnection>.Continuation

  struct Lifecycle: Sendable {
    enum Phase: Sendable {
      /// ``HookupServer/run()`` was not called, or has not bound the address. Can transition to serving, stopped.
      case starting
      /// Can transition to stopped.
      case serving(listener: any Channel, address: ServerAddress)
      /// Was told to stop; there may still be connections that close. Final.
      case stopped
    }

    var phase = Phase.starting
    var hasRun = false
  }

  /// - Parameters:
  ///   - configuration: where it listens and what it allows; checked by ``run()``.
  ///   - logger: hears of the server and its connections; never of what messages say.
  ///   - handler: called once for each connection, many at a time. When it returns the connection is closed with 1000,
  ///     when it throws with 1011 and the error goes to the log. Its task is cancelled when a shutdown takes too long.
  public init(
    configuration: ServerConfiguration = ServerConfiguration(),
    logger: Logger = Logger(label: "hookup.server"),
    handler: @escaping @Sendable (ServerConnection) async throws -> Void
  ) {
    self.configuration = configuration
    self.logger = logger
    self.handler = handler
    frameHandler = nil
    sessions = configuration.sessions.map { SessionRegistry($0, configuration, logger) }
    tracker = ConnectionTracker(limits: configuration.limits)
    (accepted, acceptedContinuation) = AsyncStream.makeStream()
  }

  /// - Parameter frames: serves the frames of all connections on their event loops, without a task for each.
  public init(
    configuration: ServerConfiguration = ServerConfiguration(),
    logger: Logger = Logger(label: "hookup.server"), frames: any FrameHandler
  ) {
    self.configuration = configuration
    self.logger = logger
    handler = { _ in }
    frameHandler = frames
    sessions = nil
    tracker = ConnectionTracker(limits: configuration.limits)
    (accepted, acceptedContinuation) = AsyncStream.makeStream()
  }

  /// The open connections, in no particular order.
  public var connections: [ServerConnection] { registry.all }

  /// The session of a client, for what is to be said to it whether it is connected or not; nil when this server holds none: the client
  /// was not here since the server began, or has been away too long. Its id is ``SessionCursor/client`` and
  /// ``ServerSession/client``.
  public func session(_ client: SessionID) -> ServerSession? { sessions?[client] }

  /// Where it listens; nil before and after.
  public var address: ServerAddress? {
    lifecycle.withLock { if case .serving(_, let address) = $0.phase { address } else { nil } }
  }

  /// Listens and serves until it is told to stop; then accepts nobody any more, closes every connection with
  /// ``ServerConfiguration/shutdownCode``, waits at most ``ServerConfiguration/shutdownTimeout``, drops and cancels what
  /// is left, and returns when all handlers have.
  /// - Throws: ``HookupError/Code/bindFailed`` when the address cannot be listened on, and
  ///   ``HookupError/Code/invalidArgument`` for a configuration that makes no sense, files that cannot be read, or a second
  ///   call.
  public func run() async throws {
    guard try begin() else { return }
    defer { stop() }
    try configuration.validate()
    let group = EventLoops(threads: configuration.eventLoopThreads)
    do {
      try await withTaskCancellationHandler {
        try await withGracefulShutdownHandler {
          try await serve(on: group)
        } onGracefulShutdown: {
          self.shutDown()
        }
      } onCancel: {
        self.shutDown()
      }
    } catch {
      await sessions?.end()
      await group.shutDown()
      throw error
    }
    await sessions?.end()
    await group.shutDown()
  }

  /// Begins an orderly end: ``run()`` returns when it is done. From any task, at any time; later calls change nothing.
  public func shutDown() {
    stop()
  }

  /// - Returns: false when it was told to stop before it began.
  private func begin() throws(HookupError) -> Bool {
    try lifecycle.withLock { lifecycle throws(HookupError) in
      guard !lifecycle.hasRun else {
        throw HookupError(.invalidArgument, "a server runs once: make another one")
      }
      lifecycle.hasRun = true
      if case .stopped = lifecycle.phase { return false }
      return true
    }
  }

  private func serve(on group: EventLoops) async throws {
    try await sessions?.begin()
    let setup = try HTTPChannelSetup(server: self)
    guard let (listener, address) = try await listen(setup, on: group.group) else { return }
    logger.info("listening", metadata: ["url": "\(address.url)"])
    await configuration.onStart(address)
    await serveConnections(on: group.group)
    // The listener is closed by now, or about to be.
    try? await listener.closeFuture.get()
    logger.info("stopped")
    await configuration.onStop()
  }

  /// Runs a handler for each connection until the stream of them ends, then sees all of them off.
  private func serveConnections(on group: any EventLoopGroup) async {
    await withDiscardingTaskGroup { tasks in
      if let sessions { tasks.addTask { await sessions.run() } }
      for await connection in accepted {
        let executor =
          configuration.runsHandlersOnEventLoop ? EventLoopTaskExecutor(connection.eventLoop) : nil
        tasks.addTask(executorPreference: executor) { await self.serve(connection) }
      }
      // Ends also when this task is cancelled, perhaps before the stop has begun.
      stop()
      let deadline = group.any().scheduleTask(in: TimeAmount(configuration.shutdownTimeout)) {
        self.tracker.giveUp()
      }
      await tracker.waitUntilIdle()
      deadline.cancel()
      for channel in tracker.channels { channel.close(promise: nil) }
      tasks.cancelAll()
      // What was confirmed is still committed.
      sessions?.finish()
    }
    // Every handler has returned; the sockets follow at once, for they were closed.
    await tracker.waitUntilIdle()
  }

  /// One connection from its first event to its end.
  private func serve(_ connection: ServerConnection) async {
    defer { tracker.handlerEnded() }
    if let sessions, connection.speaksSession {
      guard await connection.resume(in: sessions) else { return await connection.waitUntilClosed() }
    }
    defer { connection.release(from: sessions) }
    do {
      try await handler(connection)
      connection.close(isStopping ? configuration.shutdownCode : .normal)
    } catch {
      // Its connection ended under it, or the server does: no fault of the handler.
      if connection.isOpen && !(error is CancellationError && Task.isCancelled) {
        connection.logger.error("the handler failed", metadata: ["error": "\(error)"])
      } else {
        connection.logger.debug("the handler ended", metadata: ["error": "\(error)"])
      }
      connection.close(isStopping ? configuration.shutdownCode : .internalError)
    }
    await connection.waitUntilClosed()
  }

  var isStopping: Bool {
    lifecycle.withLock { if case .stopped = $0.phase { true } else { false } }
  }

  /// Closes the door and tells everybody. Does nothing the second time.
  private func stop() {
    let previous = lifecycle.withLock { lifecycle in
      defer { lifecycle.phase = .stopped }
      return lifecycle.phase
    }
    switch previous {
    case .starting: break
    case .serving(let listener, _): listener.close(promise: nil)
    case .stopped: return
    }
    let channels = tracker.close()
    sessions?.stopWaiting()
    seeOff(registry.close())
    for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ServerStops()) }
    acceptedContinuation.finish()
  }
}

extension HookupServer {
  /// Closes connections. Those of sessions are told when to come back, each at a time of its own, in no order that anybody knows.
  private func seeOff(_ connections: [ServerConnection]) {
    let plan = DrainPlan(window: configuration.drainWindow, clients: connections.count)
    for (place, connection) in connections.shuffled().enumerated() {
      guard connection.speaksSession, let slot = plan.slot(place) else {
        connection.close(configuration.shutdownCode, reason: configuration.shutdownReason)
        continue
      }
      let bye = ResumeFrame.Bye(reason: "restarting", resumes: true, after: slot)
      if let frame = try? ResumeFormat.encode(.bye(bye)) { connection.enqueue(frame) }
      connection.close(CloseCode(rawValue: 4112), reason: "restarting")
    }
  }
}

/// Tells the HTTP handler of a channel to finish what it is at and close. WebSockets get a close frame instead.
struct ServerStops: Sendable {}

extension HookupServer {
  /// Adds a connection and hands it to the task that runs handlers; closes it when the server stops.
  func start(_ connection: ServerConnection) {
    let isTaken = registry.insert(connection)
    // Before anything can close it: what is closed was opened.
    frameHandler?.opened(connection)
    guard isTaken else {
      connection.close(configuration.shutdownCode, reason: configuration.shutdownReason)
      return
    }
    if frameHandler != nil { return }
    tracker.handlerStarted()
    if case .terminated = acceptedContinuation.yield(connection) { tracker.handlerEnded() }
  }
}

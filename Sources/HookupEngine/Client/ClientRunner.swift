import HookupCore
import Logging
import NIOCore

/// Carries out what the ``SessionMachine`` decides: sockets, the outbox, timers, the program's waiting calls. Decides nothing.
///
/// `@unchecked Sendable`: every stored property is touched on `eventLoop` only, which each entry point asserts.
final class ClientRunner: @unchecked Sendable {
  struct Link {
    var connection: any WebSocketConnection
    var format: any WireFormat
  }

  let eventLoop: any EventLoop
  let url: WebSocketURL
  let connector: WebSocketConnector
  let configuration: ClientConfiguration
  let logger: Logger
  let events: EventQueue<ClientEvent>
  let storage: any OutboxStorage
  /// Nil when `hookup.resume.v1` is not offered.
  let session: ClientSession?
  let onChange: @Sendable () -> Void
  let finished: EventLoopPromise<Void>

  var machine: SessionMachine
  var actions = ActionQueue<SessionMachine.Action>()
  /// Callers of `send`, and what is between them, the outbox and the wire.
  var desk = OutboxDesk()
  /// Callers that wait until nothing is left in the outbox.
  private var drainWaiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
  /// Callers of `withdraw`, by ticket.
  private var withdrawals: [UInt64: CheckedContinuation<Void, any Error>] = [:]
  /// Open connections by number: the current one, and ones that are closing.
  var links: [UInt64: Link] = [:]
  /// Connections that are being opened, by number; nil while the dial is being counted.
  var attempts: [UInt64: WebSocketAttempt?] = [:]

  /// The server's numbered messages that are not committed here, of the numbering ``deliveriesEpoch``.
  var deliveries = SessionDeliveries()
  var deliveriesEpoch: UInt64 = 0
  /// The numbered message that is being read.
  var incoming: ResumeFrame.Numbered?
  var incomingBytes = 0

  // What one round of events gathers, to be done at its end in one piece, beside what the desk has.
  var news: [ClientEvent] = []
  /// The bytes of the messages among ``news``; messages are never dropped.
  var newsMessageBytes = 0
  private var isInRound = false
  private var alarm = Alarm()

  init(
    url: WebSocketURL, configuration: ClientConfiguration, storage: any OutboxStorage,
    session: ClientSession?, events: EventQueue<ClientEvent>, on eventLoop: any EventLoop,
    seed: UInt64, logger: Logger,
    onChange: @escaping @Sendable () -> Void
  ) {
    self.eventLoop = eventLoop
    self.url = url
    connector = WebSocketConnector(tls: configuration.tls)
    self.configuration = configuration
    self.logger = logger
    self.events = events
    self.storage = storage
    self.session = session
    self.onChange = onChange
    finished = eventLoop.makePromise()
    let recovered = storage.recovered
    machine = SessionMachine(
      settings: configuration.machineSettings, window: SendWindow(recovered),
      random: RandomSource(seed: seed),
      resume: session?.resume)
    // What a crash brought back had its end under an earlier numbering: the machine does not send it.
    if let base = session?.resume.identity.base {
      storage.settle(Array(recovered.pending.lazy.map(\.sequence).prefix { $0 <= base }))
    }
    let notices = recovered.notices + (session?.notices ?? [])
    news = notices.map { .error(HookupError(.corrupt, $0)) }
  }

  deinit {
    // A client that never ran: NIO wants every promise kept.
    finished.succeed()
  }

  /// Feeds one event and carries out all that follows from it.
  func handle(_ event: SessionMachine.Event) {
    round { machine.handle(event, at: .now, into: &actions) }
  }

  /// Runs `body`, which may feed several events, carries out what follows, and only then writes, settles and publishes: once for all
  /// that one read brought.
  func round(_ body: () -> Void) {
    eventLoop.assertInEventLoop()
    guard !isInRound else { return body() }
    isInRound = true
    body()
    performPending()
    isInRound = false
    flush()
  }

  /// Carries out what was ordered so far, so that what it reports stands before what comes next.
  func performPending() {
    while let action = actions.popFirst() { perform(action) }
  }

  private func flush() {
    store(desk.takeAppends())
    let settled = desk.takeSettled()
    if !settled.isEmpty { storage.settle(settled) }
    publish()
    alarm.set(machine.nextDeadline, on: eventLoop) { [weak self] in self?.handle(.timer) }
    if isDrained || machine.isFinished { releaseDrainWaiters() }
    onChange()
  }

  private var isDrained: Bool { machine.backlog.messages == 0 && desk.submissions.isEmpty }

  private func releaseDrainWaiters() {
    for waiter in drainWaiters.values { waiter.resume(returning: isDrained) }
    drainWaiters = [:]
  }

  /// Resumes with true once the outbox is empty, with false when the client ends or the wait is given up before.
  func waitUntilDrained(_ ticket: UInt64, _ waiter: CheckedContinuation<Bool, Never>) {
    guard !isDrained, !machine.isFinished else { return waiter.resume(returning: isDrained) }
    drainWaiters[ticket] = waiter
  }

  func stopWaiting(_ ticket: UInt64) {
    drainWaiters.removeValue(forKey: ticket)?.resume(returning: false)
  }

  /// Hands the round's events to the reader. Messages are never dropped; see ``EventQueue/push(_:bytes:mayDrop:)``.
  func publish() {
    guard !news.isEmpty else { return }
    let batch = news
    news = []
    let bytes = newsMessageBytes
    newsMessageBytes = 0
    if !events.push(batch, bytes: bytes, mayDrop: bytes == 0) { handle(.readerIsBehind(true)) }
  }

  // MARK: Calls of the program

  func submit(_ ticket: UInt64, _ entry: OutboxEntry, _ acceptance: @escaping OutboxDesk.Acceptance)
  {
    desk.submit(ticket, OutboxDesk.Submission(entry: entry, acceptance: acceptance))
    let timeout = entry.ackTimeoutMilliseconds
    handle(
      .submitted(
        ticket, bytes: entry.payload.readableBytes,
        ackTimeout: timeout == 0 ? nil : .milliseconds(timeout)))
  }

  func withdraw(
    _ sequence: UInt64, _ ticket: UInt64, _ waiter: CheckedContinuation<Void, any Error>
  ) {
    withdrawals[ticket] = waiter
    handle(.withdrawalRequested(ticket, sequence))
  }

  func endWithdrawal(_ ticket: UInt64, _ result: Result<Void, HookupError>) {
    withdrawals.removeValue(forKey: ticket)?.resume(with: result)
  }

  /// The caller was cancelled. A message that has its number is in the outbox and stays there. From any thread.
  func cancel(_ tickets: ClosedRange<UInt64>) {
    eventLoop.execute { [self] in for ticket in tickets { cancel(ticket) } }
  }

  private func cancel(_ ticket: UInt64) {
    guard let submission = desk.cancel(ticket) else { return }
    handle(.cancelled(ticket))
    submission.acceptance(.failure(CancellationError()))
  }

  func sendNow(_ content: Message.Content) throws(HookupError) {
    guard let number = machine.openConnection, let link = links[number] else {
      throw HookupError(
        .notConnected, "not connected: this message is only for the connection of the moment")
    }
    guard machine.isResumed else {
      throw HookupError(
        .notConnected, "not connected yet: this message is only for the connection of the moment")
    }
    link.connection.send(try link.format.encode(.message(content)), written: nil)
  }

  func ready() {
    if let number = machine.openConnection { handle(.greeted(number)) }
  }

  func snapshot(pendingAcks limit: Int) -> ClientSnapshot {
    var backlog = machine.backlog
    backlog.fileBytes = storage.fileBytes
    var link = machine.link
    // Asked for here and not told: the next ping moves with every byte.
    if let number = machine.openConnection, let facts = links[number]?.connection.facts {
      link.encryption = facts.encryption
      link.lastPing = facts.lastPing
      link.nextPing = facts.nextPing
    }
    return ClientSnapshot(
      link: link, backlog: backlog, pendingAcks: machine.window.pendingAcks(limit: limit),
      taken: .now)
  }
}

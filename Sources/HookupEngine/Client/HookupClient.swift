import HookupCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A WebSocket client that loses nothing: it connects, reconnects, keeps what it cannot send yet, and tells what became
/// of each message.
///
/// ```swift
/// try await withHookupClient("ws://localhost:8127/") { client in
///   try await client.send(.text("hello").needsAck(within: .seconds(5)))
///   for await event in client.events { print(event) }
/// }
/// ```
///
/// Its life is the scope of ``run()``: nothing is dialled before, nothing remains after. `send` may be called before and at any time
/// during it. All methods may be called from any task.
public final class HookupClient: Sendable {
  /// What happens, in order; for one reader. It ends when the client does. A reader that is slow slows the peer down, see
  /// ``ClientConfiguration/maximumQueuedEvents``.
  public let events: ClientEvents

  let runner: ClientRunner
  var eventLoop: any EventLoop { runner.eventLoop }
  /// The number that the first message sent through this client has: all below were in the outbox when it was opened.
  var firstNewSequence: UInt64 { runner.storage.recovered.nextSequence }
  private let configuration: ClientConfiguration
  private let tickets = Atomic<UInt64>(1)
  private let hasRun = Atomic<Bool>(false)

  /// Opens the buffer; does not connect yet.
  ///
  /// - Parameters:
  ///   - url: `ws://host[:port]/path`, `wss://…` or `ws+unix:/path/to.sock:/path`, see ``WebSocketURL``.
  ///   - onChange: called on the event loop, often, whenever ``snapshot(pendingAcks:)`` may have changed: set a mark, do no work.
  /// - Throws: ``HookupError/Code/invalidArgument`` for a bad URL; ``HookupError/Code/storage`` or ``HookupError/Code/locked`` when the
  ///   buffer's directory cannot be used.
  public init(
    _ url: String, configuration: ClientConfiguration = ClientConfiguration(),
    logger: Logger = Logger(label: "hookup.client"),
    onChange: @escaping @Sendable () -> Void = {}
  ) throws(HookupError) {
    let target = try WebSocketURL(url)
    let storage: any OutboxStorage =
      switch configuration.buffer {
      case .none, .memory: MemoryOutbox()
      case .file(let directory, let sync):
        try FileOutbox.open(directory: directory, options: FileOutboxOptions(sync: sync))
      }
    let offersSession = configuration.formats.contains { $0 is ResumeFormat }
    let session = offersSession ? try ClientSession(outbox: storage) : nil
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let waker = Waker()
    let queue = EventQueue<ClientEvent>(limit: configuration.maximumQueuedEvents) { waker.wake() }
    self.configuration = configuration
    events = ClientEvents(queue: queue)
    runner = ClientRunner(
      url: target, configuration: configuration, storage: storage, session: session, events: queue,
      on: eventLoop,
      seed: .random(in: .min ... .max), logger: logger, onChange: onChange)
    waker.target.withLock { [runner] in $0.runner = runner }
  }

  /// Connects and stays connected until ``close()``, cancellation or, by configuration, a failure for good. To be called once.
  ///
  /// Cancellation closes politely and returns normally.
  /// - Throws: what ended it: attempts exhausted, or refused by the server.
  public func run() async throws {
    guard hasRun.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    else {
      throw HookupError(.invalidArgument, "run() was called before: make a new client")
    }
    try await withTaskCancellationHandler {
      runner.eventLoop.execute { [runner] in runner.handle(.start) }
      try await runner.finished.futureResult.get()
    } onCancel: {
      close()
    }
  }

  /// Puts a message into the outbox, from where it goes in order, once connected. Returns when it is there, durable as the
  /// buffer's policy says.
  ///
  /// - Throws: ``HookupError/Code/messageTooBig``, `.bufferFull` (by configuration), `.notConnected` (without a buffer), `.storage`,
  ///   `.closed`, `.invalidArgument` when the wire format cannot carry it; `CancellationError` when cancelled while it waited for room.
  @discardableResult
  public func send(_ message: Message) async throws -> SendReceipt {
    try Task.checkCancellation()
    try check(message)
    let entry = OutboxEntry(sequence: 0, message: message)
    let ticket = tickets.wrappingAdd(1, ordering: .relaxed).newValue
    let runner = runner
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        runner.eventLoop.execute {
          runner.submit(ticket, entry) { continuation.resume(with: $0) }
        }
        // Cancelled before there was anything to cancel.
        if Task.isCancelled { runner.cancel(ticket...ticket) }
      }
    } onCancel: {
      runner.cancel(ticket...ticket)
    }
  }

  /// Puts messages into the outbox, in order, as ``send(_:)`` does for one: they share a disk write. Returns when the last is there.
  ///
  /// - Returns: what became of each, in order. A failure of one does not keep the others out.
  public func send(contentsOf messages: [Message]) async throws -> [Result<SendReceipt, any Error>]
  {
    try Task.checkCancellation()
    for message in messages { try check(message) }
    guard !messages.isEmpty else { return [] }
    let entries = messages.map { OutboxEntry(sequence: 0, message: $0) }
    let last = tickets.wrappingAdd(UInt64(messages.count), ordering: .relaxed).newValue
    let first = last - UInt64(messages.count) + 1
    let runner = runner
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let outcomes = BatchOutcomes(count: messages.count) { continuation.resume(returning: $0) }
        runner.eventLoop.execute {
          runner.round {
            for (index, entry) in entries.enumerated() {
              runner.submit(first + UInt64(index), entry) { outcomes.set($0, at: index) }
            }
          }
        }
        if Task.isCancelled { runner.cancel(first...last) }
      }
    } onCancel: {
      runner.cancel(first...last)
    }
  }

  private func check(_ message: Message) throws(HookupError) {
    guard message.ackTimeout == nil || configuration.formats.contains(where: \.carriesAcks) else {
      throw HookupError(
        .invalidArgument,
        "no configured wire format carries acks: offer jsonProtocol, or send without needsAck")
    }
  }

  /// Returns when the message is delivered: committed by the other side of a session, or acked, or, where no acks are spoken,
  /// written.
  ///
  /// - Throws: ``HookupError/Code/refused`` when it was given up, with the reason; ``HookupError/Code/closed`` when the client ends
  ///   first; ``HookupError/Code/invalidArgument`` for a number that was never given;
  ///   `CancellationError`. Of a message that failed long ago (more than 1,024 failures) nothing is known any more.
  public func delivered(_ receipt: SendReceipt) async throws {
    let ticket = tickets.wrappingAdd(1, ordering: .relaxed).newValue
    let runner = runner
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        runner.eventLoop.execute { runner.awaitDelivery(receipt.sequence, ticket, waiter) }
        if Task.isCancelled {
          runner.eventLoop.execute { runner.stopAwaiting(receipt.sequence, ticket) }
        }
      }
    } onCancel: {
      runner.eventLoop.execute { runner.stopAwaiting(receipt.sequence, ticket) }
    }
  }

  /// Takes a message back that was not sent yet: it is never delivered, and ends as ``ClientEvent/withdrawn(sequence:)``. Returns when
  /// that is as durable as the buffer's policy says.
  ///
  /// - Throws: ``HookupError/Code/refused`` when it has left the outbox, or may have been sent: it was on the wire before, or an earlier
  ///   run of the program left it in the outbox; ``HookupError/Code/invalidArgument`` for a number that was never given;
  ///   ``HookupError/Code/storage``, and it is sent after all, unless the program ends before the disk works again;
  ///   ``HookupError/Code/closed``.
  public func withdraw(_ receipt: SendReceipt) async throws {
    let ticket = tickets.wrappingAdd(1, ordering: .relaxed).newValue
    let runner = runner
    try await withCheckedThrowingContinuation { waiter in
      runner.eventLoop.execute { runner.withdraw(receipt.sequence, ticket, waiter) }
    }
  }

  /// Returns when everything in the outbox is settled: acked, or written when it wanted no ack.
  ///
  /// - Throws: ``HookupError/Code/closed`` when the client ends first; `CancellationError`.
  public func drained() async throws {
    try Task.checkCancellation()
    let ticket = tickets.wrappingAdd(1, ordering: .relaxed).newValue
    let runner = runner
    let isDrained = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        runner.eventLoop.execute { runner.waitUntilDrained(ticket, waiter) }
      }
    } onCancel: {
      runner.eventLoop.execute { runner.stopWaiting(ticket) }
    }
    try Task.checkCancellation()
    guard isDrained else {
      throw HookupError(
        .closed,
        "the client was closed before its outbox had drained; what a file buffer holds is kept")
    }
  }

  /// Writes a message to the connection of the moment, past the outbox: for greetings and questions that mean nothing later.
  /// - Throws: ``HookupError/Code/notConnected``, `.invalidArgument`.
  public func sendNow(_ message: Message) async throws {
    let runner = runner
    try await runner.eventLoop.submit { try runner.sendNow(message.content) }.get()
  }

  /// As ``sendNow(_:)``, without waiting to hear whether there was a connection. Calls keep their order.
  package func post(_ message: Message) { tell { try? $0.sendNow(message.content) } }

  /// The application's greeting on this connection is done: what is buffered may go. Only with ``ClientConfiguration/awaitsReady``.
  public func ready() { tell { $0.ready() } }

  /// Dials at once: instead of waiting for the next retry, after giving up, or because the connection seems bad.
  public func reconnect() { tell { $0.handle(.reconnectRequested) } }

  /// Closes the connection and stays offline until ``reconnect()``; `send` goes on filling the buffer.
  public func goOffline() { tell { $0.handle(.offlineRequested) } }

  /// Ends the client: closes politely, flushes the buffer, lets go of its lock; `run()` returns. Idempotent.
  public func close() { tell { $0.handle(.stop) } }

  /// How things stand now.
  /// - Parameter limit: the most ``ClientSnapshot/pendingAcks`` to list.
  public func snapshot(pendingAcks limit: Int = 64) async -> ClientSnapshot {
    let runner = runner
    return await withCheckedContinuation { continuation in
      runner.eventLoop.execute {
        continuation.resume(returning: runner.snapshot(pendingAcks: limit))
      }
    }
  }

  /// What is in the outbox and neither settled nor withdrawn, from number `first`, in order: at most `limit` messages; fewer
  /// where some between them are withdrawn, none only at the end.
  /// - Throws: ``HookupError/Code/storage`` when it cannot be read.
  public func pendingMessages(from first: UInt64 = 1, limit: Int = 256) async throws -> [(
    sequence: UInt64, message: Message
  )] {
    var first = first
    while true {
      let found = try await outboxEntries(from: first, limit: limit)
      let kept = found.filter { !$0.isWithdrawn }.map(\.entry)
      guard kept.isEmpty, let last = found.last else {
        return try kept.map { ($0.sequence, try $0.message()) }
      }
      first = last.entry.sequence + 1
    }
  }

  private func outboxEntries(
    from first: UInt64, limit: Int
  ) async throws -> [(entry: OutboxEntry, isWithdrawn: Bool)] {
    let runner = runner
    return try await withCheckedThrowingContinuation { continuation in
      runner.eventLoop.execute {
        runner.storage.read(
          from: first, maximumCount: limit, maximumBytes: Limits.inFlightBytes
        ) { result in
          runner.eventLoop.execute {
            continuation.resume(
              with: result.map { entries in
                entries.map { ($0, runner.machine.window.isWithdrawn($0.sequence)) }
              })
          }
        }
      }
    }
  }

  private func tell(_ body: @escaping @Sendable (ClientRunner) -> Void) {
    let runner = runner
    runner.eventLoop.execute { body(runner) }
  }
}

/// Gathers what became of the messages of one batch and hands it over when the last is known.
///
/// `@unchecked Sendable`: touched on the client's event loop only, where acceptances are called.
private final class BatchOutcomes: @unchecked Sendable {
  private var outcomes: [Result<SendReceipt, any Error>?]
  private var missing: Int
  private let complete: ([Result<SendReceipt, any Error>]) -> Void

  init(count: Int, complete: @escaping ([Result<SendReceipt, any Error>]) -> Void) {
    outcomes = Array(repeating: nil, count: count)
    missing = count
    self.complete = complete
  }

  func set(_ outcome: Result<SendReceipt, any Error>, at index: Int) {
    outcomes[index] = outcome
    missing -= 1
    if missing == 0 { complete(outcomes.compactMap { $0 }) }
  }
}

/// The events of a ``HookupClient``, for one reader.
public struct ClientEvents: AsyncSequence, Sendable {
  let queue: EventQueue<ClientEvent>

  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: EventQueue<ClientEvent>.AsyncIterator
    public mutating func next() async -> ClientEvent? { await base.next() }
  }

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: queue.makeAsyncIterator())
  }
}

/// Tells the runner, once there is one, that the reader has caught up.
private final class Waker: Sendable {
  /// Weak, since the runner owns the queue that owns this.
  struct Target { weak var runner: ClientRunner? }
  let target = Mutex(Target())

  func wake() {
    guard let runner = target.withLock({ $0.runner }) else { return }
    runner.eventLoop.execute { runner.handle(.readerIsBehind(false)) }
  }
}

/// Runs a client for as long as `body` runs: connected while it works, closed when it returns or throws.
///
/// - Throws: what `body` throws; or what ended the client, when that came first.
public func withHookupClient<Result: Sendable>(
  _ url: String, configuration: ClientConfiguration = ClientConfiguration(),
  logger: Logger = Logger(label: "hookup.client"),
  _ body: @escaping @Sendable (HookupClient) async throws -> Result
) async throws -> Result {
  let client = try HookupClient(url, configuration: configuration, logger: logger)
  return try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask {
      try await client.run()
      return nil
    }
    group.addTask { try await body(client) }
    defer { group.cancelAll() }
    while let result = try await group.next() {
      if let result {
        client.close()
        try await group.waitForAll()
        return result
      }
    }
    throw HookupError(.closed, "the client was closed before its work was done")
  }
}

import HookupCore

/// One small value in a file of two slots, durable whenever a store says so.
///
/// Stores that come while one is being written become one write. A thread of the file's own writes; it starts with the first
/// store and ends when none came for a while. Whoever opens the file holds the lock of its directory.
final class TwoSlotFile<Value: TwoSlotValue>: Sendable {
  /// Runs on the file's thread, in the order of the calls, with the value as this call left it.
  typealias Completion = @Sendable (Result<Value, HookupError>) -> Void

  /// What callers and the writing thread share.
  struct Mailbox: Sendable {
    /// With everything that was ordered.
    var latest: Value
    var durable: Value
    var waiting: [(value: Value, completion: Completion)] = []
    /// A thread uses the writer; when not, whoever holds the mutex may.
    var isRunning = false
    var isClosing = false
    var isClosed = false
    var closers: [@Sendable () -> Void] = []
  }

  private enum Work {
    case write([(value: Value, completion: Completion)])
    case close([@Sendable () -> Void])
  }

  /// Stores that wait for one write; beyond it they fail. A bound of sanity.
  static var maximumWaiting: Int { 65_536 }
  /// How long the thread waits for another store before it ends.
  private static var patience: Duration { .seconds(5) }

  let recovered: TwoSlotRecovery
  let path: String
  private let writer: TwoSlotWriter<Value>
  private let mailbox: Monitor<Mailbox>

  /// Blocks while it reads, and makes the file if there is none or it is damaged.
  /// - Parameter correct: changes what was found into what updates begin with.
  /// - Throws: ``HookupError/Code/storage``.
  init(
    directory: String, name: String, subject: String, initial: Value, isExpected: Bool,
    files: any FileLayer,
    correct: (inout Value, TwoSlotRecovery.State) -> Void = { _, _ in }
  ) throws(HookupError) {
    writer = TwoSlotWriter(directory: directory, name: name, files: files)
    path = writer.path
    let (value, recovered) = try writer.open(
      initial: initial, subject: subject, isExpected: isExpected)
    self.recovered = recovered
    var latest = value
    correct(&latest, recovered.state)
    mailbox = Monitor(Mailbox(latest: latest, durable: value))
  }

  deinit { Self.close(mailbox, writer) {} }

  /// What is known to be durable.
  var value: Value { mailbox.withLock { $0.durable } }

  /// Changes the value and makes it durable. `change` runs at once; the error it gives goes to `completion`, and nothing
  /// changes. After a write that failed the next one makes the file anew.
  func update(_ change: (inout Value) -> HookupError?, completion: @escaping Completion) {
    var refusal: HookupError?
    var mustStart = false
    mailbox.change { mailbox in
      guard !mailbox.isClosing else {
        refusal = HookupError(.closed, "file '\(path)' is closed: open it again to use it")
        return
      }
      guard mailbox.waiting.count < Self.maximumWaiting else {
        refusal = HookupError(
          .bufferFull,
          "more than \(Self.maximumWaiting) stores wait to be written to file '\(path)': "
            + "store at the speed of the disk")
        return
      }
      var value = mailbox.latest
      refusal = change(&value)
      guard refusal == nil else { return }
      mailbox.latest = value
      mailbox.waiting.append((value, completion))
      mustStart = !mailbox.isRunning
      mailbox.isRunning = true
    }
    if let refusal { return completion(.failure(refusal)) }
    if mustStart { start() }
  }

  /// Writes what waits and lets go of the file. Idempotent.
  func close(completion: @escaping @Sendable () -> Void) {
    Self.close(mailbox, writer, completion)
  }

  private static func close(
    _ mailbox: Monitor<Mailbox>, _ writer: TwoSlotWriter<Value>,
    _ completion: @escaping @Sendable () -> Void
  ) {
    var isDone = false
    mailbox.change { mailbox in
      mailbox.isClosing = true
      if !mailbox.isRunning, !mailbox.isClosed {
        writer.closeFile()
        mailbox.isClosed = true
      }
      isDone = mailbox.isClosed
      if !isDone { mailbox.closers.append(completion) }
    }
    if isDone { completion() }
  }

  // MARK: The thread

  private func start() {
    do throws(HookupError) {
      try WorkerThread.start { [mailbox, writer] in Self.run(mailbox, writer) }
    } catch {
      let waiting = mailbox.withLock { mailbox in
        defer { mailbox.waiting = [] }
        mailbox.isRunning = false
        return mailbox.waiting
      }
      for (_, completion) in waiting { completion(.failure(error)) }
      let closers = mailbox.withLock { mailbox in
        defer { mailbox.closers = [] }
        return mailbox.closers
      }
      for closer in closers { Self.close(mailbox, writer, closer) }
    }
  }

  private static func run(_ mailbox: Monitor<Mailbox>, _ writer: TwoSlotWriter<Value>) {
    while true {
      let work = mailbox.wait(until: .now + patience) { mailbox -> Work? in
        guard mailbox.waiting.isEmpty else {
          defer { mailbox.waiting = [] }
          return .write(mailbox.waiting)
        }
        guard mailbox.isClosing else { return nil }
        writer.closeFile()
        mailbox.isClosed = true
        mailbox.isRunning = false
        defer { mailbox.closers = [] }
        return .close(mailbox.closers)
      }
      switch work {
      case .write(let stores): write(stores, mailbox, writer)
      case .close(let closers):
        for closer in closers { closer() }
        return
      case nil:
        let isIdle = mailbox.withLock { mailbox in
          let isIdle = mailbox.waiting.isEmpty && !mailbox.isClosing
          if isIdle { mailbox.isRunning = false }
          return isIdle
        }
        if isIdle { return }
      }
    }
  }

  private static func write(
    _ stores: [(value: Value, completion: Completion)], _ mailbox: Monitor<Mailbox>,
    _ writer: TwoSlotWriter<Value>
  ) {
    guard let newest = stores.last?.value else { return }
    do throws(FileFailure) {
      try writer.write(newest)
      mailbox.withLock { $0.durable = newest }
      for (value, completion) in stores { completion(.success(value)) }
    } catch {
      for (_, completion) in stores { completion(.failure(error.asError)) }
    }
  }
}

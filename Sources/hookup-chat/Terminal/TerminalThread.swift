import CNcursesw
import Glibc
import HookupCore
import HookupEngine
import Synchronization

/// Isolates everything that touches ncurses, which is not safe to use from more than one thread, to one thread.
@globalActor
actor TerminalActor {
  static let shared = TerminalActor()
  nonisolated let thread = TerminalThread()
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
}

/// The thread that owns the terminal: it runs the jobs of ``TerminalActor``, and while there are none it sleeps in one
/// `poll` over the keyboard and its own wake-up, with the next deadline as time-out.
///
/// Call ``start()`` before the first job is awaited: until the thread runs, jobs only queue. It runs as long as the
/// process does.
final class TerminalThread: SerialExecutor {
  /// Why ``wait(until:input:)`` returned; all empty for the deadline or a ``wake()``.
  struct Wake: Sendable {
    var input = false
    var signals: [Int32] = []
  }

  private struct State {
    var jobs: [UnownedJob] = []
    var waiter: Waiter?
    /// ``TerminalThread/wake()`` was called since the last wait returned.
    var isWoken = false
    var event: Int32 = -1
    /// The thread itself, which looks for jobs before it sleeps and needs no wake-up.
    var owner: pthread_t?
  }

  private struct Waiter {
    var continuation: CheckedContinuation<Wake, Never>
    var deadline: MonotonicInstant?
    var input: Bool
  }

  private let state = Mutex(State())
  /// Written by signal handlers, at any instant, through atomic operations only; never freed.
  private nonisolated(unsafe) let signals: UnsafeMutablePointer<hk_signals> = {
    let signals = UnsafeMutablePointer<hk_signals>.allocate(capacity: 1)
    signals.initialize(to: hk_signals())
    return signals
  }()

  /// Opens what the thread sleeps on and starts it; does nothing the second time.
  ///
  /// - Throws: ``HookupError`` when the process has no descriptor or thread left.
  func start() throws {
    try state.withLock { state in
      guard state.owner == nil else { return }
      let event = hk_event_descriptor()
      guard event >= 0 else {
        throw HookupError(
          .noTerminal, "cannot watch the terminal: \(String(cString: strerror(errno)))")
      }
      var thread = pthread_t()
      let context = Unmanaged.passRetained(self)
      let failure = pthread_create(&thread, nil, terminalThreadMain, context.toOpaque())
      guard failure == 0 else {
        context.release()
        close(event)
        throw HookupError(
          .noTerminal, "cannot start the terminal's thread: \(String(cString: strerror(failure)))")
      }
      pthread_detach(thread)
      state.event = event
      state.owner = thread
    }
  }

  /// Has the terminal's signals end the wait, from now until ``ignoreSignals()``, whichever thread they reach.
  @TerminalActor
  func watchSignals() {
    hk_signals_install(signals, state.withLock { $0.event })
  }

  /// Drops a signal that came and was not handed out yet.
  @TerminalActor
  func forget(signal: Int32) {
    hk_signals_forget(signals, signal)
  }

  /// Gives the signals back to whoever had them before.
  @TerminalActor
  func ignoreSignals() {
    hk_signals_remove(signals)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let event = state.withLock { state in
      state.jobs.append(job)
      return state.jobs.count == 1 && state.owner != pthread_self() ? state.event : -1
    }
    Self.signal(event)
  }

  /// Ends the wait that is under way, or the next one. May be called from anywhere, any number of times.
  func wake() {
    let event = state.withLock { state in
      defer { state.isWoken = true }
      return state.isWoken ? -1 : state.event
    }
    Self.signal(event)
  }

  /// Sleeps until the deadline, a signal, a ``wake()``, the task's cancellation or, when `input` is true, until the
  /// keyboard can be read. One wait at a time.
  @TerminalActor
  func wait(until deadline: MonotonicInstant?, input: Bool) async -> Wake {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        state.withLock { state in
          precondition(state.waiter == nil, "the terminal loop waits in one place only")
          state.waiter = Waiter(continuation: continuation, deadline: deadline, input: input)
        }
      }
    } onCancel: {
      wake()
    }
  }

  private static func signal(_ event: Int32) {
    guard event >= 0 else { return }
    // A counter at its maximum refuses the write, and is as good a wake-up.
    var one: UInt64 = 1
    _ = write(event, &one, 8)
  }
}

// MARK: - The loop

/// A free function, so that the thread's body belongs to no actor.
private func terminalThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  hk_name_thread("terminal")
  TerminalCrashGuard.useSignalStack()
  hk_take_signals()
  Unmanaged<TerminalThread>.fromOpaque(context).takeRetainedValue().loop()
}

extension TerminalThread {
  fileprivate func loop() -> Never {
    let executor = asUnownedSerialExecutor()
    while true {
      let jobs = state.withLock { state in
        defer { state.jobs = [] }
        return state.jobs
      }
      guard jobs.isEmpty else {
        for job in jobs { job.runSynchronously(on: executor) }
        continue
      }
      sleep()
    }
  }

  /// One poll; resumes the waiter when there is a reason to.
  private func sleep() {
    let (event, input, timeout) = state.withLock { state -> (Int32, Int32, Int32) in
      guard state.jobs.isEmpty else { return (-1, -1, 0) }
      guard let waiter = state.waiter else { return (state.event, -1, -1) }
      let timeout = state.isWoken ? 0 : Self.milliseconds(until: waiter.deadline)
      return (state.event, waiter.input ? STDIN_FILENO : -1, timeout)
    }
    var descriptors = [event, input].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    // An interrupted poll is a wake-up without news.
    let ready = poll(&descriptors, 2, timeout) > 0
    if ready, descriptors[0].revents != 0 {
      var count: UInt64 = 0
      _ = read(event, &count, 8)
    }
    var wake = Wake()
    wake.input = ready && descriptors[1].revents != 0
    resumeWaiter(wake)
  }

  private func resumeWaiter(_ wake: Wake) {
    // Signals stay pending while nobody waits.
    guard state.withLock({ $0.waiter != nil }) else { return }
    var wake = wake
    while case let number = hk_signals_take(signals), number != 0 { wake.signals.append(number) }
    let waiter = state.withLock { state -> Waiter? in
      guard let waiter = state.waiter else { return nil }
      let isDue = waiter.deadline.map { $0 <= .now } ?? false
      guard state.isWoken || isDue || wake.input || !wake.signals.isEmpty else { return nil }
      state.isWoken = false
      state.waiter = nil
      return waiter
    }
    waiter?.continuation.resume(returning: wake)
  }

  /// A time-out for `poll`, rounded up so that a deadline has passed when it returns.
  private static func milliseconds(until deadline: MonotonicInstant?) -> Int32 {
    guard let deadline else { return -1 }
    let remaining = (deadline - .now).wholeNanoseconds
    return remaining <= 0 ? 0 : Int32(clamping: (remaining - 1) / 1_000_000 + 1)
  }
}

extension HookupError.Code {
  /// There is no terminal to draw on, or none that can be used.
  static let noTerminal = HookupError.Code(rawValue: "no_terminal")
}

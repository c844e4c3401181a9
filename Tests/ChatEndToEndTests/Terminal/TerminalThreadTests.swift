import Glibc
import HookupCore
import HookupEngine
import Testing

@testable import hookup_chat

@Suite(.timeLimit(.minutes(1))) struct TerminalThreadTests {
  @Test func `a job of the actor runs on the thread that owns the terminal, always the same`()
    async throws
  {
    try TerminalActor.shared.thread.start()
    let first = await Self.currentThread()
    let second = await Self.currentThread()
    #expect(first == second)
  }

  @Test func `a wake ends a wait, also one that starts later, and a deadline ends one by itself`()
    async throws
  {
    let thread = TerminalActor.shared.thread
    try thread.start()
    await Self.waits(thread)
  }

  @TerminalActor private static func waits(_ thread: TerminalThread) async {
    thread.wake()
    _ = await thread.wait(until: nil, input: false)
    let waker = Task { @Sendable in thread.wake() }
    _ = await thread.wait(until: nil, input: false)
    await waker.value
    let due = MonotonicInstant.now + .milliseconds(5)
    let wake = await thread.wait(until: due, input: false)
    #expect(due <= .now)
    #expect(!wake.input && wake.signals.isEmpty)
    let cancelled = Task { @TerminalActor in
      withUnsafeCurrentTask { $0?.cancel() }
      _ = await thread.wait(until: nil, input: false)
    }
    await cancelled.value
  }

  @TerminalActor private static func currentThread() -> pthread_t { pthread_self() }
}

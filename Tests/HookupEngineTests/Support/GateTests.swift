import Synchronization
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct GateTests {
  private final class Log: Sendable {
    private let words = Mutex<[String]>([])
    var all: [String] { words.withLock { $0 } }
    func add(_ word: String) { words.withLock { $0.append(word) } }
  }

  @Test func `an open gate lets pass at once`() async {
    let gate = Gate()
    await gate.wait()
    gate.close()
    gate.open()
    await gate.wait()
  }

  @Test func `a closed gate holds until it is opened`() async throws {
    // Many rounds: one in which the task gets ahead shows a gate that does not hold.
    for _ in 0..<200 {
      let (gate, log, started) = (Gate(), Log(), Mailbox<Void>())
      gate.close()
      let passing = Task {
        started.put(())
        await gate.wait()
        log.add("passed")
      }
      try await started.next()
      await Task.yield()
      log.add("opened")
      gate.open()
      await passing.value
      #expect(log.all == ["opened", "passed"])
    }
  }

  @Test func `cancellation lets the waiting task go`() async {
    let gate = Gate()
    gate.close()
    let waiting = Task { await gate.wait() }
    waiting.cancel()
    await waiting.value
  }

  @Test func `removed, it holds nobody any more and cannot be closed`() async throws {
    let (gate, started) = (Gate(), Mailbox<Void>())
    gate.close()
    let waiting = Task {
      started.put(())
      await gate.wait()
    }
    try await started.next()
    gate.remove()
    await waiting.value
    gate.close()
    await gate.wait()
  }
}

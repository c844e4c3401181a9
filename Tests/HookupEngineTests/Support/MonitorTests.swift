import HookupCore
import Testing

@testable import HookupEngine

@Suite struct MonitorTests {
  @Test func `a thread waits until the value is as it wants`() async throws {
    let monitor = Monitor(0)
    let results = AsyncStream.makeStream(of: Int?.self)
    try WorkerThread.start {
      let seen = monitor.wait(until: nil) { $0 >= 3 ? $0 : nil }
      results.continuation.yield(seen)
    }
    for _ in 0..<3 { monitor.change { $0 += 1 } }
    var iterator = results.stream.makeAsyncIterator()
    #expect(await iterator.next() == 3)
  }

  @Test func `waiting ends at the deadline`() async throws {
    let monitor = Monitor(0)
    let results = AsyncStream.makeStream(of: Bool.self)
    try WorkerThread.start {
      let start = MonotonicInstant.now
      let seen: Int? = monitor.wait(until: start + .milliseconds(20)) { _ in nil }
      results.continuation.yield(
        seen == nil && start.duration(to: .now) >= .milliseconds(20))
    }
    var iterator = results.stream.makeAsyncIterator()
    #expect(await iterator.next() == true)
    #expect(monitor.wait(until: .zero) { $0 } == 0)
  }
}

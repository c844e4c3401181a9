import Dispatch
import Testing

/// Runs the tests of a suite on threads of their own: they block while they wait for processes, and would hold up every other
/// test that shares Swift's pool of two or so threads with them.
struct OffThePool: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(BlockingThreads.shared) { try await function() }
  }
}

/// An executor whose jobs may block: each has a thread.
private final class BlockingThreads: TaskExecutor {
  static let shared = BlockingThreads()
  private let queue = DispatchQueue(label: "hookup.blocking", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedTaskExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }
}

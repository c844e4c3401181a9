/// Runs many seeds, on several cores.
package enum SeedSweep {
  package struct Result: Sendable {
    package var seeds = 0
    package var steps = 0
    /// The seeds that failed, in order, what each one's first violation was, and whether a fault in it breaks continuity: a
    /// backup, a clone, damage, a lost disk.
    package var failures: [(seed: UInt64, violation: String, breaks: Bool)] = []

    mutating func add(_ other: Result) {
      seeds += other.seeds
      steps += other.steps
      failures += other.failures
    }
  }

  /// One task's share of the work.
  private static let chunk: UInt64 = 100

  /// - Parameters:
  ///   - workers: how many run at once, at least 1.
  ///   - progress: called now and then with what is done so far.
  package static func run(
    first: UInt64, count: Int, workers: Int, withdraws: Bool = false, mutation: Mutation? = nil,
    progress: (Result) -> Void = { _ in }
  ) async -> Result {
    var total = Result()
    var next = first
    var left = UInt64(max(0, count))
    await withTaskGroup(of: Result.self) { group in
      func begin() {
        guard left > 0 else { return }
        let from = next
        let share = min(left, chunk)
        next &+= share
        left -= share
        group.addTask { sweep(from, share, withdraws, mutation) }
      }
      for _ in 0..<max(1, workers) { begin() }
      for await result in group {
        total.add(result)
        progress(total)
        begin()
      }
    }
    total.failures.sort { $0.seed < $1.seed }
    return total
  }

  private static func sweep(
    _ first: UInt64, _ count: UInt64, _ withdraws: Bool, _ mutation: Mutation?
  ) -> Result {
    var result = Result()
    for offset in 0..<count {
      let outcome = Simulation.run(
        seed: first &+ offset, withdraws: withdraws, mutation: mutation)
      result.seeds += 1
      result.steps += outcome.steps
      if let violation = outcome.violations.first {
        let breaks = outcome.plan.faults.contains { $0.fault.breaks }
        result.failures.append((outcome.seed, violation, breaks))
      }
    }
    return result
  }
}

import HookupCore

/// A small exchange, gone wrong in every way there is: crashed at each I/O call of either side, at each pair of them, and cut at
/// each frame.
package enum ExhaustiveSearch {
  package struct Result: Sendable {
    package var runs = 0
    /// What failed: where it crashed or was cut, and what the oracle said.
    package var failures: [String] = []
  }

  /// Three messages each way.
  /// - Parameter withdraws: whether the client takes some of its own back while its greeting lasts.
  package static func plan(isDurable: Bool, withdraws: Bool = false) -> SimulationPlan {
    var plan = SimulationPlan()
    plan.messages = 3
    plan.answers = 3
    plan.span = .milliseconds(200)
    plan.refuseOneIn = 3
    plan.latency = .milliseconds(2)
    plan.spreadsOut = false
    plan.serverOutboxIsDurable = isDurable
    plan.awaitsGreeting = withdraws
    plan.withdrawOneIn = withdraws ? 1 : 0
    return plan
  }

  /// How many I/O calls each node makes when nothing goes wrong: the server's first, then the client's.
  static func calls(_ plan: SimulationPlan) -> [Int] {
    Simulation.run(plan: plan, seed: 1).calls
  }

  /// One crash at every call of either side.
  package static func singles(isDurable: Bool, withdraws: Bool = false) -> Result {
    let plan = plan(isDurable: isDurable, withdraws: withdraws)
    var result = Result()
    for (node, count) in calls(plan).enumerated() {
      for call in 1...max(1, count) { run(plan, [(node, call)], &result) }
    }
    return result
  }

  /// Two crashes, at every pair of calls; `part` of `parts` of them.
  package static func pairs(
    isDurable: Bool, withdraws: Bool = false, part: Int = 0, of parts: Int = 1
  ) -> Result {
    let plan = plan(isDurable: isDurable, withdraws: withdraws)
    let all = calls(plan).enumerated().flatMap { node, count in
      (1...max(1, count)).map { (node: node, call: $0) }
    }
    var result = Result()
    for (index, first) in all.enumerated() where index % parts == part {
      // The second crash may come at a call that only the first one brings about.
      for second in all where second.node != first.node || second.call > first.call {
        run(plan, [first, second], &result)
      }
      for extra in 1...40 where first.node == 1 {
        run(plan, [first, (node: 1, call: (all.last?.call ?? 0) + extra)], &result)
      }
    }
    return result
  }

  /// The connection cut at every frame, either way.
  package static func cuts(isDurable: Bool, withdraws: Bool = false) -> Result {
    var result = Result()
    for frame in 1...30 {
      var plan = plan(isDurable: isDurable, withdraws: withdraws)
      plan.cutUp = frame
      run(plan, [], &result)
      plan.cutUp = nil
      plan.cutDown = frame
      run(plan, [], &result)
    }
    return result
  }

  private static func run(
    _ plan: SimulationPlan, _ crashes: [(node: Int, call: Int)], _ result: inout Result
  ) {
    var plan = plan
    plan.crashes = crashes
    let outcome = Simulation.run(plan: plan, seed: 1)
    result.runs += 1
    guard let violation = outcome.violations.first else { return }
    let cut =
      plan.cutUp.map { "cut at frame \($0) up" } ?? plan.cutDown.map { "cut at frame \($0) down" }
    let crashed = crashes.map { "node \($0.node) call \($0.call)" }.joined(separator: ", ")
    result.failures.append("\(cut ?? crashed): \(violation)")
  }
}

import HookupCore

/// Runs seeds.
package enum Simulation {
  /// What became of one run.
  package struct Outcome: Sendable {
    package var seed: UInt64
    /// What was wrong; empty when nothing was.
    package var violations: [String]
    package var steps: Int
    package var trace: [String]
    /// I/O calls by node: the server's first.
    package var calls: [Int]
    /// What was planned.
    package var plan: SimulationPlan
  }

  /// Runs the world of one seed.
  /// - Parameter withdraws: whether the clients take messages back. Nothing breaks continuity then: a backup brings back what was taken
  ///   back after it.
  package static func run(
    seed: UInt64, withdraws: Bool = false, mutation: Mutation? = nil, isTraced: Bool = false
  ) -> Outcome {
    var random = RandomSource(seed: seed)
    var plan = SimulationPlan(&random)
    if withdraws {
      plan.withdrawOneIn = 2
      plan.faults.removeAll { $0.fault.breaks }
    }
    return run(plan: plan, seed: seed, random: random, mutation: mutation, isTraced: isTraced)
  }

  /// Runs a planned world.
  package static func run(
    plan: SimulationPlan, seed: UInt64, random: RandomSource? = nil, mutation: Mutation? = nil,
    isTraced: Bool = false
  ) -> Outcome {
    let world = World(
      plan: plan, random: random ?? RandomSource(seed: seed),
      whims: RandomSource(seed: ~seed), mutation: mutation, isTraced: isTraced)
    world.run()
    return Outcome(
      seed: seed, violations: world.oracle.violations, steps: world.steps,
      trace: world.trace.lines,
      calls: [world.server.calls] + world.clients.map(\.calls), plan: plan)
  }
}

import Testing

@testable import hookup_bench

@Suite struct FaultPlanTests {
  @Test func `a seed gives the same faults to the same connections`() {
    var first = FaultPlan(seed: 5)
    var again = FaultPlan(seed: 5)
    var other = FaultPlan(seed: 6)
    let faults = (0..<60).map { _ in first.next() }
    #expect(faults == (0..<60).map { _ in again.next() })
    #expect(faults != (0..<60).map { _ in other.next() })
    #expect(first.pick(among: 1_000) == again.pick(among: 1_000))
  }

  @Test func `each kind comes as often as any other, and only those asked for`() {
    var plan = FaultPlan(seed: 1)
    var counts: [LinkFault.Kind: Int] = [:]
    for _ in 0..<600 { counts[plan.next().kind, default: 0] += 1 }
    for kind in LinkFault.Kind.allCases { #expect(counts[kind] == 100) }
    var cuts = FaultPlan(seed: 1, kinds: [.cut])
    #expect((0..<10).allSatisfy { _ in cuts.next() == .cut })
  }

  @Test func `what lasts keeps within its times, and goes both ways`() {
    var plan = FaultPlan(seed: 2, kinds: [.blackhole, .trickle, .split, .delay])
    var directions: Set<LinkDirection> = []
    for _ in 0..<200 {
      let fault = plan.next()
      let time = fault.duration
      #expect(time.map { plan.durations.contains($0) } == true)
      switch fault {
      case .blackhole(let direction, _), .trickle(let direction, _): directions.insert(direction)
      case .delay(let delay, _): #expect(delay >= .zero && delay <= plan.maximumDelay)
      default: break
      }
    }
    #expect(directions == [.toServer, .toClient])
  }

  @Test func `of none none is picked`() {
    var plan = FaultPlan(seed: 3)
    #expect(plan.pick(among: 0) == nil)
    #expect((0..<100).allSatisfy { _ in (0..<3).contains(plan.pick(among: 3) ?? -1) })
  }
}

import HookupCore
import Testing

@Suite struct DrainPlanTests {
  @Test func `the times of all clients cover the window, each once`() {
    let plan = DrainPlan(window: .seconds(10), clients: 3_000)
    let slots = (0..<3_000).compactMap(plan.slot)
    #expect(
      slots.count == 3_000 && slots.first?.lowerBound == 0 && slots.last?.upperBound == 10_000)
    for (slot, next) in zip(slots, slots.dropFirst()) {
      #expect(slot.upperBound == next.lowerBound && slot.count <= 5)
    }
  }

  @Test func `a few clients do not wait for long`() {
    #expect(DrainPlan(window: .seconds(30), clients: 2).slot(1) == 10...20)
    #expect(DrainPlan(window: .seconds(30), clients: 2).slot(2) == nil)
    #expect(DrainPlan(window: .seconds(30), clients: 0).slot(0) == nil)
  }

  @Test func `without a window nobody is told a time`() {
    #expect(DrainPlan(window: .zero, clients: 100).slot(5) == nil)
  }
}

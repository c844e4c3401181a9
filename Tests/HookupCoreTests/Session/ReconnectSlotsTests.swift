import Testing

@testable import HookupCore

@Suite struct ReconnectSlotsTests {
  func slots(
    _ clients: Int, over window: Duration, from start: Duration = .zero, seed: UInt64 = 1
  ) -> ReconnectSlots {
    var random = RandomSource(seed: seed)
    return ReconnectSlots(clients: clients, over: window, from: start, random: &random)
  }

  @Test func `slots lie side by side and fill the window`() {
    let slots = slots(4, over: .seconds(2), from: .seconds(1))
    let sorted = (0..<slots.count).map { slots[$0] }.sorted { $0.lowerBound < $1.lowerBound }
    #expect(sorted == [1_000...1_500, 1_500...2_000, 2_000...2_500, 2_500...3_000])
  }

  @Test func `chance decides who has which, and the same chance the same`() {
    let one = slots(100, over: .seconds(10), seed: 1)
    #expect(one == slots(100, over: .seconds(10), seed: 1))
    #expect(one != slots(100, over: .seconds(10), seed: 2))
    #expect((0..<100).map { one[$0].lowerBound } != (0..<100).map { $0 * 100 })
  }

  @Test(arguments: [1, 7, 1_000, 3_333])
  func `no tenth of the window has more than its share`(clients: Int) {
    let slots = slots(clients, over: .seconds(30))
    var tenths = Array(repeating: 0, count: 10)
    for index in 0..<clients { tenths[min(9, slots[index].lowerBound / 3_000)] += 1 }
    #expect(tenths.reduce(0, +) == clients)
    #expect(tenths.allSatisfy { $0 <= clients / 10 + 1 })
  }

  @Test func `few clients are not kept waiting, many not for ever`() {
    #expect(ReconnectSlots.window(for: 0, atMost: .seconds(30)) == .zero)
    #expect(ReconnectSlots.window(for: 5, atMost: .seconds(30)) == .milliseconds(50))
    #expect(ReconnectSlots.window(for: 3_000, atMost: .seconds(30)) == .seconds(30))
    #expect(ReconnectSlots.window(for: .max, atMost: .seconds(30)) == .seconds(30))
    #expect(ReconnectSlots.window(for: -1, atMost: .seconds(30)) == .zero)
  }

  @Test func `no slot is later than a client heeds, nor before now`() {
    let late = slots(2, over: .seconds(1_000_000), from: .seconds(500))
    #expect((0..<2).map { late[$0].upperBound }.max() == 600_000)
    #expect(slots(1, over: .seconds(-1), from: .seconds(-1))[0] == 0...0)
    #expect(slots(0, over: .seconds(1)).count == 0)
    #expect(ReconnectSlots.longest == SessionMachine.longestRetryAfter)
  }
}

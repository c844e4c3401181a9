import HookupCore
import Testing

@Suite struct StoreHealthTests {
  @Test func `a store is writable until a try fails, and again when one succeeds`() {
    var health = StoreHealth()
    #expect(health.state == .writable)
    let column: [(StoreHealth.Event, StoreHealth.State)] = [
      (.appended, .writable),
      (.appendFailed(reason: "full", at: 20), .failing(reason: "full", since: 20)),
      // The reason is the last one, the time that of the first.
      (.appendFailed(reason: "locked", at: 30), .failing(reason: "locked", since: 20)),
      (.appendFailed(reason: "locked", at: 5), .failing(reason: "locked", since: 20)),
      (.appended, .writable),
      (.appended, .writable),
      (.appendFailed(reason: "full", at: 60), .failing(reason: "full", since: 60)),
    ]
    for (event, state) in column {
      health.handle(event)
      #expect(health.state == state, "\(event)")
    }
  }

  @Test func `a store that fails is tried, one that is damaged stays so`() {
    var health = StoreHealth()
    #expect(!health.wantsProbe)
    health.handle(.appendFailed(reason: "full", at: 1))
    #expect(health.wantsProbe)
    health.handle(.foundDamage(reason: "page 7", at: 2))
    #expect(!health.wantsProbe)
    for event: StoreHealth.Event in [
      .appended, .appendFailed(reason: "x", at: 3), .foundDamage(reason: "y", at: 4),
    ] {
      health.handle(event)
      #expect(health.state == .damaged(reason: "page 7", since: 2))
    }
  }
}

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
}

import Testing

@testable import HookupCore

@Suite struct ChatPresenceTests {
  @Test func `an operator sees every connection, in pages`() throws {
    var hub = HubHarness()
    try hub.welcome(1, "alice")
    let fallback = try ClientID(String(repeating: "b", count: 32))
    _ = hub.feed(.connected(.init(2), fallback: fallback, address: "192.0.2.1"))
    _ = hub.feed(.writable(.init(1), false))
    let first = hub.machine.presences(after: 0, limit: 1)
    #expect(first.map(\.number) == [1] && first[0].nick?.text == "alice" && !first[0].isWritable)
    let second = hub.machine.presences(after: 1, limit: 9)
    #expect(
      second == [
        ChatPresence(
          number: 2, nick: nil, isAccount: false, device: nil, address: "192.0.2.1", rooms: 0,
          isWritable: true)
      ])
    #expect(hub.machine.presences(after: 2, limit: 9).isEmpty)
  }
}

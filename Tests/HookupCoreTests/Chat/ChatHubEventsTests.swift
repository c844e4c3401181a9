import HookupCore
import Testing

@Suite struct ChatHubEventsTests {
  @Test func `a page on the way to a reader is no larger than one of history`() {
    let settings = ChatHubSettings()
    #expect(settings.pageEntries <= settings.limits.page)
    // One entry of the largest text always fits.
    #expect(settings.pageBytes >= settings.limits.textBytes)
    #expect(settings.appendingBytes >= settings.limits.textBytes)
  }
}

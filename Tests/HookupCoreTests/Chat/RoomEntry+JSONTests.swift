import HookupCore
import Testing

@Suite struct RoomEntryJSONTests {
  @Test func `an entry is one line with all that is known of it`() throws {
    let entry = RoomEntry(
      room: try RoomName("#ops"), offset: 17, kind: .topic, id: try MessageID("1"),
      from: try Nick("alice"), milliseconds: 1_500, text: "two\nlines, \u{1B}[2J and \"quotes\"")
    #expect(
      entry.json.text == #"{"room":"ops","offset":17,"kind":"topic","id":"1","from":"alice","#
        + #""time":"1970-01-01T00:00:01.500Z","text":"two\nlines, \u001b[2J and \"quotes\""}"#)
  }
}

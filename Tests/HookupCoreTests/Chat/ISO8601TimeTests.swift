import HookupCore
import Testing

@Suite struct ISO8601TimeTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (951_868_800_000, "2000-03-01T00:00:00.000Z"),
      (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (1_779_004_989_042, "2026-05-17T08:03:09.042Z"),
      (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func `a time renders and parses back`(milliseconds: Int64, text: String) {
    #expect(ISO8601Time.text(milliseconds: milliseconds) == text)
    #expect(ISO8601Time.milliseconds(text) == milliseconds)
  }

  @Test func `every day of four centuries comes back`() {
    var milliseconds: Int64 = -5_000_000_000_000
    while milliseconds < 8_000_000_000_000 {
      let text = ISO8601Time.text(milliseconds: milliseconds)
      guard ISO8601Time.milliseconds(text) == milliseconds else {
        Issue.record("\(milliseconds) became \(text)")
        return
      }
      milliseconds += 86_400_000 - 1_001
    }
  }

  @Test func `a time beyond the years of four digits becomes the nearest one`() {
    #expect(ISO8601Time.text(milliseconds: .max) == "9999-12-31T23:59:59.999Z")
    #expect(ISO8601Time.text(milliseconds: .min) == "0000-01-01T00:00:00.000Z")
  }

  @Test(
    arguments: [
      ("2026-05-17T08:03:09Z", 1_779_004_989_000),
      ("2026-05-17T08:03:09.5Z", 1_779_004_989_500),
      ("2026-05-17T08:03:09.0429999Z", 1_779_004_989_042),
    ] as [(String, Int64)])
  func `a fraction of any length is read to the millisecond`(text: String, milliseconds: Int64) {
    #expect(ISO8601Time.milliseconds(text) == milliseconds)
  }

  @Test(arguments: [
    "", "Z", "2026-05-17", "2026-05-17T08:03:09", "2026-05-17T08:03:09+00:00",
    "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:60Z", "2026-05-17T08:03:09.Z", "2026-05-17T08:03:09.x1Z",
    "2026-05-17 08:03:09Z", "２０２6-05-17T08:03:09Z", "2026-05-17T08:03:09.0000000000000000000000Z",
  ])
  func `anything else is refused`(text: String) {
    #expect(ISO8601Time.milliseconds(text) == nil)
  }
}

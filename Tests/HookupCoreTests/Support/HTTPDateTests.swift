import Testing

@testable import HookupCore

@Suite struct HTTPDateTests {
  private static let dates: [(Int64, String)] = [
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
    (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
    (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
    (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
  ]

  @Test(arguments: dates)
  func `dates are written and read`(seconds: Int64, text: String) {
    #expect(HTTPDate.format(secondsSince1970: seconds) == text)
    #expect(HTTPDate.parse(text) == seconds)
  }

  @Test func `every day of four centuries survives both ways`() {
    for day in stride(from: Int64(0), to: 146_097, by: 1) {
      let seconds = day * 86_400 + day % 86_400
      #expect(HTTPDate.parse(HTTPDate.format(secondsSince1970: seconds)) == seconds)
    }
  }

  @Test(arguments: [Int64.min, -1])
  func `times before the epoch are written as the epoch`(seconds: Int64) {
    #expect(HTTPDate.format(secondsSince1970: seconds) == "Thu, 01 Jan 1970 00:00:00 GMT")
    #expect(HTTPDate.format(secondsSince1970: .max) == "Fri, 31 Dec 9999 23:59:59 GMT")
  }

  @Test(arguments: [
    "", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 06 Nov 1994 08:49:-7 GMT", "Sun, 06 Nov 1960 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
  ])
  func `what is no such date is none`(text: String) {
    #expect(HTTPDate.parse(text) == nil)
  }

  private static let now: Int64 = 1_795_000_000  // in November 2026

  @Test(
    arguments: [
      ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
      ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
      ("Sun Nov  6 08:49:37 1994", 784_111_777),
      ("Wed Nov 16 08:49:37 1994", 784_975_777),
      ("Thursday, 01-Jan-70 00:00:00 GMT", 3_155_760_000),
      ("Saturday, 01-Jan-77 00:00:00 GMT", 220_924_800),
      ("Sunday, 06-Nov-94 08:49:37 CET", nil), ("Sunday, 6-Nov-94 08:49:37 GMT", nil),
      ("Sun Nov  6 08:49:61 1994", nil), ("Sun Nov 66 08:49:37 1994", nil), ("120", nil),
      ("Sunday, 06-Nov-94-1 08:49:37 GMT", nil), ("", nil),
    ] as [(String, Int64?)])
  func `all three forms are read where they matter`(text: String, seconds: Int64?) {
    #expect(HTTPDate.parse(text, now: Self.now) == seconds)
  }
}

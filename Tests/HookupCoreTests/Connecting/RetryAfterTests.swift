import Testing

@testable import HookupCore

@Suite struct RetryAfterTests {
  static let now: Int64 = 784_111_777  // Sun, 06 Nov 1994 08:49:37 GMT

  @Test(
    arguments: [
      ("0", nil, .zero), ("120", nil, .seconds(120)), ("999999999", nil, .seconds(86_400)),
      ("99999999999999999999", nil, nil), ("-1", nil, nil), ("", nil, nil), ("1.5", nil, nil),
      ("soon", nil, nil),
      ("Sun, 06 Nov 1994 08:50:37 GMT", nil, .seconds(60)),
      ("Sunday, 06-Nov-94 08:50:37 GMT", nil, .seconds(60)),
      ("Sun Nov  6 08:50:37 1994", nil, .seconds(60)),
      ("Sun, 06 Nov 1994 08:49:36 GMT", nil, .zero),
      ("Fri, 31 Dec 9999 23:59:59 GMT", nil, .seconds(86_400)),
      ("Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:50:35 GMT", .seconds(2)),
      ("Sun, 06 Nov 1994 08:50:37 GMT", "yesterday", .seconds(60)),
      ("7", "Sun, 06 Nov 1994 08:50:35 GMT", .seconds(7)),
    ] as [(String, String?, Duration?)])
  func `a wait is read in seconds or as a date, and bounded`(
    text: String, date: String?, wait: Duration?
  ) {
    let headers = [("retry-after", text)] + (date.map { [("date", $0)] } ?? [])
    #expect(RetryAfter.wait(in: headers, now: Self.now) == wait)
  }

  @Test func `no header is no wait, and a date without any clock is none`() {
    #expect(RetryAfter.wait(in: [("Date", "x")], now: Self.now) == nil)
    let headers = [("Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT")]
    #expect(RetryAfter.wait(in: headers, now: nil) == nil)
    #expect(
      RetryAfter.wait(in: headers + [("Date", "Sun, 06 Nov 1994 08:50:30 GMT")], now: nil)
        == .seconds(7))
  }
}

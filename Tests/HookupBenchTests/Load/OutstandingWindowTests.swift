import Testing

@testable import hookup_bench

@Suite struct OutstandingWindowTests {
  @Test func `numbers count up from one until the limit, and go on when one is answered`() {
    var window = OutstandingWindow(limit: 2)
    #expect(window.open(at: 10) == 1)
    #expect(window.open(at: 20) == 2)
    #expect(window.open(at: 30) == nil)
    #expect(window.outstanding == 2)
    #expect(window.close(1) == 10)
    #expect(window.open(at: 40) == 3)
    #expect(window.open(at: 50) == nil)
  }

  @Test func `an answer counts once, and only to what was sent`() {
    var window = OutstandingWindow(limit: 4)
    #expect(window.close(1) == nil)
    #expect(window.open(at: 7) == 1)
    #expect(window.close(0) == nil)
    #expect(window.close(5) == nil, "shares the place of 1")
    #expect(window.close(1) == 7)
    #expect(window.close(1) == nil)
    #expect(window.outstanding == 0)
  }

  @Test func `answers may come in any order`() {
    var window = OutstandingWindow(limit: 3)
    for time in 1...3 as ClosedRange<UInt64> { _ = window.open(at: time) }
    #expect(window.close(3) == 3)
    #expect(window.close(2) == 2)
    #expect(window.oldest() == 1)
    #expect(window.open(at: 4) == 4)
    #expect(window.open(at: 5) == nil, "its place is that of 1, which waits")
    #expect(window.oldestSentAt() == 1)
    #expect(window.close(1) == 1)
    #expect(window.oldest() == 4)
    #expect(window.oldestSentAt() == 4)
    #expect(window.open(at: 5) == 5)
  }

  @Test(arguments: [1, 3, 16, 100])
  func `what comes back in order is always the oldest`(_ limit: Int) {
    var window = OutstandingWindow(limit: limit)
    #expect(window.oldest() == nil)
    var expected: UInt64 = 1
    for _ in 0..<1_000 {
      while window.open(at: 0) != nil {}
      #expect(window.outstanding == limit)
      #expect(window.oldest() == expected)
      #expect(window.close(expected) != nil)
      expected += 1
    }
  }
}

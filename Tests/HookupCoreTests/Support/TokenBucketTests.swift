import HookupCore
import Testing

@Suite struct TokenBucketTests {
  private let start = MonotonicInstant.zero + .seconds(100)

  @Test func `a burst goes at once, then one at a time at the rate`() {
    let rate = TokenBucket.Rate(perSecond: 2, burst: 3)
    var bucket = TokenBucket(at: start)
    for _ in 1...3 { #expect(bucket.take(rate, at: start) == nil) }
    #expect(bucket.take(rate, at: start) == .milliseconds(500))
    #expect(bucket.take(rate, at: start + .milliseconds(499)) == .milliseconds(1))
    #expect(bucket.take(rate, at: start + .milliseconds(500)) == nil)
    #expect(bucket.take(rate, at: start + .milliseconds(500)) == .milliseconds(500))
    #expect(!bucket.isFull(at: start + .milliseconds(500)))
    // After a rest there is a burst again, and not more.
    let later = start + .seconds(60)
    #expect(bucket.isFull(at: later))
    for _ in 1...3 { #expect(bucket.take(rate, at: later) == nil) }
    #expect(bucket.take(rate, at: later) != nil)
  }

  @Test func `a rate of 0 is no limit`() {
    var bucket = TokenBucket(at: start)
    for _ in 1...10_000 { #expect(bucket.take(.init(perSecond: 0, burst: 1), at: start) == nil) }
  }

  @Test func `what is refused costs nothing`() {
    let rate = TokenBucket.Rate(perSecond: 1, burst: 1)
    var bucket = TokenBucket(at: start)
    #expect(bucket.take(rate, at: start) == nil)
    for _ in 1...100 { #expect(bucket.take(rate, at: start) == .seconds(1)) }
    #expect(bucket.take(rate, at: start + .seconds(1)) == nil)
  }
}

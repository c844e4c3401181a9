import HookupCore
import Testing

@Suite struct RandomSourceTests {
  @Test func `a seed gives the published SplitMix64 sequence`() {
    var random = RandomSource(seed: 1_234_567)
    let drawn = (0..<3).map { _ in random.next() }
    #expect(
      drawn == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
  }

  @Test func `the same seed repeats, another does not, and a copy goes its own way`() {
    var one = RandomSource(seed: 9)
    var other = RandomSource(seed: 9)
    var third = RandomSource(seed: 10)
    #expect(one == other)
    #expect(one.next() == other.next())
    #expect(one.next() != third.next())
    var copy = one
    #expect(copy.next() == one.next())
    _ = copy.next()
    #expect(copy != one)
  }

  @Test func `a drawn duration lies within its limit, and reaches all of it`() {
    var random = RandomSource(seed: 3)
    let limit = Duration.milliseconds(100)
    let drawn = (0..<2_000).map { _ in random.duration(upTo: limit) }
    #expect(drawn.allSatisfy { $0 >= .zero && $0 <= limit })
    #expect(drawn.contains { $0 < .milliseconds(5) })
    #expect(drawn.contains { $0 > .milliseconds(95) })
    let mean = drawn.reduce(Duration.zero, +) / drawn.count
    #expect(mean > .milliseconds(45) && mean < .milliseconds(55))
  }

  @Test func `both ends of a small range are drawn`() {
    var random = RandomSource(seed: 4)
    let drawn = Set((0..<100).map { _ in random.duration(upTo: .nanoseconds(1)) })
    #expect(drawn == [.zero, .nanoseconds(1)])
  }

  @Test func `a limit of zero or less draws nothing, and the largest does not trap`() {
    var random = RandomSource(seed: 5)
    let before = random
    #expect(random.duration(upTo: .zero) == .zero)
    #expect(random.duration(upTo: .seconds(-1)) == .zero)
    #expect(random == before)
    #expect(random.duration(upTo: .seconds(Int64.max)) >= .zero)
  }
}

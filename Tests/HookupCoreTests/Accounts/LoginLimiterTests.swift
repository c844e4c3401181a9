import HookupCore
import Testing

@Suite struct LoginLimiterTests {
  private let start = MonotonicInstant.zero + .seconds(1_000)
  private let alice = try! Nick("alice")

  @Test func `an account takes five attempts, then one each half minute, from wherever`() {
    var limiter = LoginLimiter()
    for number in 1...5 {
      #expect(limiter.logIn(to: alice, from: "192.0.2.\(number)", at: start) == nil)
    }
    #expect(limiter.logIn(to: alice, from: "192.0.2.9", at: start) == .seconds(30))
    #expect(limiter.logIn(to: alice, from: nil, at: start + .seconds(29)) == .seconds(1))
    #expect(limiter.logIn(to: alice, from: nil, at: start + .seconds(30)) == nil)
  }

  @Test func `an address takes ten attempts, whatever the names`() throws {
    var limiter = LoginLimiter()
    for number in 1...10 {
      #expect(limiter.logIn(to: try Nick("n\(number)"), from: "192.0.2.1", at: start) == nil)
    }
    #expect(limiter.logIn(to: try Nick("n11"), from: "192.0.2.1", at: start) == .seconds(20))
    #expect(limiter.logIn(to: try Nick("n11"), from: "192.0.2.2", at: start) == nil)
    // This machine's socket has no address.
    for number in 1...50 {
      #expect(limiter.logIn(to: try Nick("m\(number)"), from: nil, at: start) == nil)
    }
  }

  @Test func `who logs in has tried nothing`() {
    var limiter = LoginLimiter()
    for _ in 1...100 {
      #expect(limiter.logIn(to: alice, from: "192.0.2.1", at: start) == nil)
      limiter.succeeded(alice, from: "192.0.2.1")
    }
  }

  @Test func `five accounts are registered from one address at once`() {
    var limiter = LoginLimiter()
    for _ in 1...5 { #expect(limiter.register(from: "192.0.2.1", at: start) == nil) }
    #expect(limiter.register(from: "192.0.2.1", at: start) == .seconds(120))
    #expect(limiter.register(from: "192.0.2.2", at: start) == nil)
    #expect(limiter.register(from: nil, at: start) == nil)
  }

  @Test func `what is remembered is bounded, and who is at rest goes first`() throws {
    var limiter = LoginLimiter()
    for _ in 1...5 { _ = limiter.register(from: "192.0.2.1", at: start) }
    for number in 1..<LoginLimiter.maximumKeys {
      _ = limiter.register(from: "a\(number)", at: start - 10_000)
    }
    #expect(limiter.register(from: "one more", at: start) == nil)
    #expect(limiter.register(from: "192.0.2.1", at: start) == .seconds(120))
  }
}

private func - (instant: MonotonicInstant, seconds: Int) -> MonotonicInstant {
  instant.advanced(by: .zero - .seconds(min(seconds, 900)))
}

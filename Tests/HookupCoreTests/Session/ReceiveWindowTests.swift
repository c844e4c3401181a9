import Testing

@testable import HookupCore

struct ReceiveWindowTests {
  @Test func `only the next number is taken`() {
    var window = ReceiveWindow(epoch: 1, committed: 5, tag: 50)
    #expect(window.take(5, tag: 50) == .duplicate)
    #expect(window.take(7, tag: 70) == .gap)
    #expect(window.take(6, tag: 60) == .next)
    #expect(window.take(6, tag: 60) == .duplicate)
    #expect(window.received == 6 && window.committed == 5 && window.uncommitted == 1)
  }

  @Test func `a commit moves through what was received and knows the last tag`() {
    var window = ReceiveWindow(epoch: 1)
    for number in UInt64(1)...4 { _ = window.take(number, tag: number * 10) }
    let moved = window.commit(through: 3)
    #expect(moved)
    #expect(window.committed == 3 && window.tag == 30)
    let again = window.commit(through: 3)
    let lower = window.commit(through: 2)
    #expect(!again && !lower, "no news")
    let beyond = window.commit(through: 5)
    #expect(!beyond, "never received")
    let last = window.commit(through: 4)
    #expect(last && window.tag == 40)
  }

  @Test func `a skip stands in the order of the commits`() {
    var window = ReceiveWindow(epoch: 1)
    _ = window.take(1, tag: 10)
    #expect(window.skip(through: 5, tag: 50) == 2...5)
    #expect(window.skip(through: 5, tag: 50) == nil)
    _ = window.take(6, tag: 60)
    _ = window.commit(through: 1)
    #expect(window.committed == 1 && window.tag == 10)
    _ = window.commit(through: 5)
    #expect(window.committed == 5 && window.tag == 50)
    _ = window.commit(through: 6)
    #expect(window.committed == 6 && window.tag == 60)
  }

  @Test func `what is rolled back is taken again, and was seen before`() {
    var window = ReceiveWindow(epoch: 1)
    for number in UInt64(1)...3 { _ = window.take(number, tag: number) }
    _ = window.commit(through: 1)
    window.rollBack()
    #expect(window.received == 1 && window.seen == 3)
    #expect(window.take(2, tag: 2) == .next)
  }
}

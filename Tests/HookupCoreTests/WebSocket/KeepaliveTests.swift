import NIOCore
import Testing

@testable import HookupCore

@Suite struct KeepaliveTests {
  let settings = KeepaliveSettings(
    pingAfter: .seconds(15), deadAfter: .seconds(10), stalledAfter: .seconds(2))

  @Test func `silence becomes a ping, a stall and the end`() throws {
    var keepalive = Keepalive(settings, seed: 1, at: .zero)
    let pingAt = try #require(keepalive.nextDeadline)
    #expect(keepalive.timePassed(at: .seconds(13)) == .wait)
    guard case .ping(let payload) = keepalive.timePassed(at: pingAt) else {
      Issue.record("no ping")
      return
    }
    #expect(payload.readableBytes == 8)
    #expect(keepalive.nextDeadline == pingAt + .seconds(2))
    #expect(keepalive.timePassed(at: pingAt + .seconds(2)) == .stalled)
    #expect(keepalive.nextDeadline == pingAt + .seconds(10))
    #expect(keepalive.timePassed(at: pingAt + .seconds(9.9)) == .wait)
    #expect(keepalive.timePassed(at: pingAt + .seconds(10)) == .dead)
  }

  @Test func `the wait for a ping varies by a tenth in both directions`() {
    let waits = (0..<500).compactMap { seed in
      Keepalive(settings, seed: seed, at: .zero).nextDeadline.map { ($0 - .zero).inSeconds }
    }
    #expect(waits.allSatisfy { (13.5...16.5).contains($0) })
    #expect(waits.contains { $0 < 14 } && waits.contains { $0 > 16 })
  }

  @Test func `the first ping may go at once, the next after silence`() throws {
    var settings = settings
    settings.pingsAtOnce = true
    var keepalive = Keepalive(settings, seed: 1, at: .zero)
    guard case .ping(let payload) = keepalive.timePassed(at: .zero) else {
      Issue.record("no ping")
      return
    }
    #expect(keepalive.heard(at: .seconds(1)) == false)
    #expect(keepalive.pong(payload, at: .seconds(1)) == .seconds(1))
    #expect(try #require(keepalive.nextDeadline) > .seconds(14))
  }

  @Test func `it tells when it last pinged, and when it will if nothing is heard`() throws {
    var keepalive = Keepalive(settings, seed: 1, at: .zero)
    #expect(keepalive.lastPing == nil)
    let first = try #require(keepalive.nextPing)
    #expect(first == keepalive.nextDeadline)
    _ = keepalive.heard(at: .seconds(3))
    #expect(keepalive.nextPing == first + .seconds(3))
    guard case .ping(let payload) = keepalive.timePassed(at: .seconds(20)) else {
      Issue.record("no ping")
      return
    }
    #expect(keepalive.lastPing == .seconds(20))
    // What is due while it waits for the answer is the stall, not a ping.
    #expect(keepalive.nextPing == nil && keepalive.nextDeadline != nil)
    _ = keepalive.heard(at: .seconds(21))
    #expect(keepalive.pong(payload, at: .seconds(21)) == .seconds(1))
    #expect(keepalive.lastPing == .seconds(20))
    #expect(try #require(keepalive.nextPing) > .seconds(34))
    _ = keepalive.suspend()
    #expect(keepalive.nextPing == nil)
  }

  @Test func `any byte is life and puts the ping off`() throws {
    var keepalive = Keepalive(settings, seed: 1, at: .zero)
    let first = try #require(keepalive.nextDeadline)
    #expect(keepalive.heard(at: .seconds(10)) == false)
    #expect(keepalive.nextDeadline == first + .seconds(10))
    #expect(keepalive.timePassed(at: first) == .wait)
  }

  @Test func `a byte after a stall ends it, and only then`() throws {
    var keepalive = Keepalive(settings, seed: 1, at: .zero)
    _ = keepalive.timePassed(at: .seconds(17))
    #expect(keepalive.heard(at: .seconds(18)) == false)
    _ = keepalive.timePassed(at: .seconds(36))
    #expect(keepalive.timePassed(at: .seconds(38)) == .stalled)
    #expect(keepalive.heard(at: .seconds(39)) == true)
    #expect(keepalive.heard(at: .seconds(39)) == false)
  }

  @Test func `the round trip is measured by the last ping's own pong, once`() throws {
    var keepalive = Keepalive(settings, seed: 1, at: .zero)
    guard case .ping(let payload) = keepalive.timePassed(at: .seconds(17)) else {
      Issue.record("no ping")
      return
    }
    #expect(keepalive.pong(ByteBuffer(), at: .seconds(18)) == nil)
    #expect(keepalive.pong(ByteBuffer(repeating: 0, count: 8), at: .seconds(18)) == nil)
    var longer = payload
    longer.writeInteger(UInt8(0))
    #expect(keepalive.pong(longer, at: .seconds(18)) == nil)
    // Another byte may come before the pong.
    _ = keepalive.heard(at: .seconds(18))
    #expect(keepalive.pong(payload, at: .seconds(18.5)) == .seconds(1.5))
    #expect(keepalive.pong(payload, at: .seconds(19)) == nil)
  }

  @Test func `each ping has another payload`() {
    var keepalive = Keepalive(settings, seed: 1, at: .zero)
    let first = keepalive.timePassed(at: .seconds(17))
    _ = keepalive.heard(at: .seconds(18))
    let second = keepalive.timePassed(at: .seconds(36))
    #expect(first != second)
    #expect(second != .wait)
  }

  @Test func `a process that slept gives the peer its time again`() {
    var keepalive = Keepalive(settings, seed: 1, at: .zero)
    _ = keepalive.timePassed(at: .seconds(17))
    #expect(keepalive.timePassed(at: .seconds(3_600)) == .stalled)
    #expect(keepalive.timePassed(at: .seconds(3_600)) == .wait)
    #expect(keepalive.nextDeadline == .seconds(3_610))
    #expect(keepalive.timePassed(at: .seconds(3_610)) == .dead)
  }

  @Test func `while nobody reads, silence proves nothing`() {
    var keepalive = Keepalive(settings, seed: 1, at: .zero)
    #expect(keepalive.suspend() == false)
    #expect(keepalive.nextDeadline == nil)
    #expect(keepalive.heard(at: .seconds(5)) == false)
    #expect(keepalive.nextDeadline == nil)
    keepalive.resume(at: .seconds(100))
    #expect(keepalive.timePassed(at: .seconds(113)) == .wait)
    #expect(keepalive.timePassed(at: .seconds(117)) != .wait)
    _ = keepalive.timePassed(at: .seconds(119))
    #expect(keepalive.suspend() == true)
  }

  @Test func `switched off it never wakes`() {
    var keepalive = Keepalive(nil, seed: 1, at: .zero)
    #expect(keepalive.nextDeadline == nil)
    keepalive.resume(at: .seconds(1))
    #expect(keepalive.heard(at: .seconds(2)) == false)
    #expect(keepalive.timePassed(at: .seconds(1_000)) == .wait)
    #expect(keepalive.nextDeadline == nil)
  }

  @Test func `settings of zero or less make no busy loop`() throws {
    let none = KeepaliveSettings(
      pingAfter: .seconds(-1), deadAfter: .zero, stalledAfter: .seconds(-5))
    var keepalive = Keepalive(none, seed: 1, at: .zero)
    let first = try #require(keepalive.nextDeadline)
    #expect(first >= .zero + .milliseconds(9))
    _ = keepalive.timePassed(at: first)
    #expect(keepalive.timePassed(at: first) == .stalled)
    #expect(keepalive.timePassed(at: first + .milliseconds(9)) == .wait)
    #expect(keepalive.timePassed(at: first + .milliseconds(10)) == .dead)
  }
}

import HookupCore
import Testing

@Suite struct LinkStatusTests {
  @Test func `a link starts offline with nothing measured and nothing lost`() {
    let status = LinkStatus()
    #expect(status.state == .offline)
    #expect(status.roundTrip == nil)
    #expect(status.attempt == 0)
    #expect(status.retryAt == nil)
    #expect(status.connectedSince == nil)
    #expect(status.drops == 0)
    #expect(status.lastFailure == nil)
    #expect(status.encryption == nil && status.lastPing == nil && status.nextPing == nil)
  }

  @Test func `each state has the word that is shown`() {
    let states: [LinkStatus.State] = [
      .offline, .connecting, .resuming, .online, .stalled, .retrying,
    ]
    #expect(
      states.map(\.rawValue)
        == ["offline", "connecting", "resuming", "online", "stalled", "retrying"])
  }

  @Test func `a status is a value: it changes when any part of it does`() {
    var changed = LinkStatus()
    changed.retryAt = MonotonicInstant(nanoseconds: 5)
    #expect(changed != LinkStatus())
    var pending = PendingAck(
      sequence: 7, sentAt: .zero, deadline: .zero + .seconds(5), tries: 1, bytes: 20)
    let before = pending
    pending.tries += 1
    #expect(pending != before)
    #expect(pending.deadline - pending.sentAt == .seconds(5))
  }

  @Test func `an empty backlog has nothing waiting, nothing draining and no file`() {
    let backlog = BacklogStatus()
    #expect(backlog.messages == 0 && backlog.bytes == 0)
    #expect(backlog.maximumMessages == 0 && backlog.maximumBytes == 0)
    #expect(backlog.drainTotal == 0 && backlog.drained == 0)
    #expect(backlog.fileBytes == nil)
  }
}

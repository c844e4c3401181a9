import HookupCore
import HookupTUI

/// The way from the network to the screen. Nothing here ever waits for the terminal, except a writer of
/// ``chat`` when the screen is ``maximumUpdates`` behind: that is how a flood is slowed down at its source.
final class TerminalFeed: Sendable {
  /// Chat updates that wait for the screen. Less makes the network wait for frames; more only costs memory.
  static let maximumUpdates = 1_024

  let chat: BoundedQueue<ChatUpdate>
  let link: LatestValue<LinkStatus>
  let pending: LatestValue<[PendingAck]>
  let backlog: LatestValue<BacklogStatus>
  let server: LatestValue<String>

  init(wake: @escaping @Sendable () -> Void = { TerminalActor.shared.thread.wake() }) {
    chat = BoundedQueue(capacity: Self.maximumUpdates, wake: wake)
    link = LatestValue(wake: wake)
    pending = LatestValue(wake: wake)
    backlog = LatestValue(wake: wake)
    server = LatestValue(wake: wake)
  }

  /// What is new, at most `maximum` chat updates and the newest of each state. States come last: they already count
  /// what the updates before them brought.
  func take(_ maximum: Int) -> [ScreenEvent] {
    var events = chat.take(maximum).map(ScreenEvent.chat)
    if let server = server.take() { events.append(.server(server)) }
    if let link = link.take() { events.append(.link(link)) }
    if let pending = pending.take() { events.append(.pending(pending)) }
    if let backlog = backlog.take() { events.append(.backlog(backlog)) }
    return events
  }
}

import HookupCore

/// A numbered message of the server's: delivered in order, and again after a crash until it is confirmed.
public struct ClientDelivery: Sendable {
  public let content: Message.Content
  /// Its number in what the server sends; counts up from 1 in each numbering of the server's.
  public let sequence: UInt64
  /// Whether it may have been delivered before.
  public let isRedelivered: Bool
  /// The numbering it belongs to.
  let epoch: UInt64
  let runner: ClientRunner

  /// This message is handled: once all before it are too, the server may forget it. Durable, with a file buffer, before the
  /// server hears of it. Never waits; a second call does nothing.
  public func confirm() {
    runner.eventLoop.execute { runner.confirm(self) }
  }
}

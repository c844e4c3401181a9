import HookupCore

/// A numbered message of the server's: delivered in order, and again after a crash until it is confirmed.
public struct ClientDelivery: Sendable {
  public let content: Message.Content
  /// Its number in what the server sends; counts up from 1 in each numbering of the server's.
  public let sequence: UInt64
  /// Whether it may have been delivered before.
  public let isRedelivered: Bool
  let tag: UInt64
  let runner: ClientRunner

  /// This message, and all before it, are handled: the server may forget them. Durable, with a file buffer, before the server
  /// hears of it. Never waits; a second call does nothing.
  public func confirm() {
    let runner = runner
    runner.eventLoop.execute { runner.confirm(sequence, tag: tag) }
  }
}

import HookupCore

extension ChatClient {
  /// Waits until the outbox has let go of what it held, or the time is up. The server tells that a message is stored a moment before it
  /// acks it: a client that is closed in between finds the message queued when it starts again, though it never arrives twice.
  package func drained(atMost limit: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await self.drained() }
      group.addTask { try? await Task.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }
}

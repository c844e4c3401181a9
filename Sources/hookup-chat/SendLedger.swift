import HookupCore
import HookupEngine
import Synchronization

/// Which line each message was, what became of it, and so the exit status.
final class SendLedger: Sendable {
  private struct State {
    var lineOf: [MessageID: Int] = [:]
    /// Neither stored nor failed.
    var open: Set<MessageID> = []
    var failures = 0
    var settled: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// These messages are about to be said.
  func expect(_ ids: [MessageID], lines: [Int]) {
    state.withLock { state in
      for (id, line) in zip(ids, lines) {
        state.lineOf[id] = line
        state.open.insert(id)
      }
    }
  }

  /// Prints what an update says of a message, and remembers it.
  /// - Throws: when standard output is gone; or the refusal of this client as a whole.
  func take(_ update: ChatUpdate) throws {
    switch update {
    case .own(let message):
      let line = note(message)
      try StandardOutput.write(line: Self.json(message, line: line))
    case .overdue(let id):
      let line = state.withLock { $0.lineOf[id] }
      try StandardOutput.write(
        line: Self.json(
          id, line: line, state: "sent", reason: "no ack in time; it stays queued and is sent again"
        ))
    case .refused(let code, let message, _):
      StandardError.write("hookup-chat: \(Printable.text(message)) (\(Printable.text(code)))\n")
    case .notice(let sentence):
      StandardError.write("hookup-chat: \(Printable.text(sentence))\n")
    default: break
    }
  }

  private func note(_ message: OwnMessage) -> Int? {
    let (line, waiter) = state.withLock { state -> (Int?, CheckedContinuation<Void, Never>?) in
      let line = state.lineOf[message.id]
      switch message.state {
      case .stored, .withdrawn:
        state.open.remove(message.id)
        state.lineOf[message.id] = nil
      case .failed:
        state.open.remove(message.id)
        state.lineOf[message.id] = nil
        state.failures += 1
      case .buffered, .sent: state.open.insert(message.id)
      }
      guard state.open.isEmpty else { return (line, nil) }
      defer { state.settled = nil }
      return (line, state.settled)
    }
    waiter?.resume()
    return line
  }

  /// Returns when every message is stored or failed, or the time is up.
  func waitUntilSettled(atMost limit: Duration) async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.settledOrCancelled() }
      group.addTask { try? await Task.sleep(for: limit) }
      await group.next()
      group.cancelAll()
    }
  }

  private func settledOrCancelled() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.open.isEmpty || Task.isCancelled { return true }
          state.settled = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        defer { state.settled = nil }
        return state.settled
      }
      waiter?.resume()
    }
  }

  var exitStatus: Int32 {
    state.withLock { $0.failures > 0 ? 3 : ($0.open.isEmpty ? 0 : 2) }
  }

  private static func json(_ message: OwnMessage, line: Int?) -> String {
    switch message.state {
    case .buffered: json(message.id, line: line, state: "queued")
    case .sent: json(message.id, line: line, state: "sent")
    case .stored(let offset): json(message.id, line: line, state: "stored", offset: offset)
    case .failed(let reason): json(message.id, line: line, state: "failed", reason: reason)
    case .withdrawn: json(message.id, line: line, state: "withdrawn")
    }
  }

  private static func json(
    _ id: MessageID, line: Int?, state: String, offset: UInt64? = nil, reason: String? = nil
  ) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    if let line { writer.member("line", line) }
    writer.member("id", id.text)
    writer.member("state", state)
    if let offset { writer.member("offset", offset) }
    if let reason { writer.member("reason", reason) }
    writer.endObject()
    return Printable.json(writer.json().text)
  }
}

import HookupCore

/// Messages of sessions: each has its place in the store's queue, with an entry or without one, so that no cursor ever covers an
/// earlier message whose fate is not stored.
extension ChatHub {
  /// What goes to the store, in this order.
  enum Change: Sendable {
    case entry(AppendTicket, RoomAppend)
    case mark(AppendTicket, ReadMark)
    case settled(SettledCommand)

    var change: RoomChange {
      switch self {
      case .entry(_, let append): .append(append)
      case .mark(_, let mark): .marker(mark)
      case .settled(let settled): .cursor(settled.cursor)
      }
    }
  }

  /// A session's command that was done with, without an entry: its cursor is to be committed.
  struct SettledCommand: Sendable {
    var link: ChatClientLink
    var acknowledgement: Acknowledgement
    var cursor: SessionCursor
    var refusal: String?
  }

  /// A command is done with.
  func settle(_ ticket: CommandTicket, of link: ChatClientLink, acknowledge: Bool) {
    let refusal = link.refusal.take()
    guard let acknowledgement = link.acknowledgements.removeValue(forKey: ticket) else {
      return link.gate.leave()
    }
    guard let delivery = acknowledgement.delivery else {
      if acknowledge { send(.acknowledgement(acknowledgement, .confirmed(refusal: nil)), to: link) }
      return link.gate.leave()
    }
    guard acknowledge else {
      // It is not done, and what comes behind it cannot be: the client sends it again on its next connection.
      let error = HookupError(.storage, refusal?.message ?? "the command was not done")
      send(.acknowledgement(acknowledgement, .failed(error)), to: link)
      return link.gate.leave()
    }
    guard !link.hasCarried(ticket) else {
      send(.acknowledgement(acknowledgement, .committed(refusal: refusal?.message)), to: link)
      return link.gate.leave()
    }
    var cursor = delivery.cursor
    if let refusal {
      cursor.refusals = [SessionRefusal(sequence: delivery.sequence, reason: refusal.message)]
    }
    // The gate opens when it is stored: what waits for the store is bounded by it.
    appends.append(
      .settled(
        SettledCommand(
          link: link, acknowledgement: acknowledgement, cursor: cursor, refusal: refusal?.message)))
  }

  /// Its cursor is durable.
  func finish(_ settled: SettledCommand) {
    settled.link.gate.leave()
    guard links[settled.link.key] != nil else { return }
    send(
      .acknowledgement(settled.acknowledgement, .committed(refusal: settled.refusal)),
      to: settled.link)
  }

  /// Its cursor is not stored.
  func fail(_ settled: SettledCommand) {
    settled.link.gate.leave()
    settled.acknowledgement.settle(
      .failed(HookupError(.storage, "the server's store failed: this is sent again")))
  }
}

extension RoomEntry {
  /// Whether it changes what another entry is: ``take(_:)`` tells how.
  package var isAboutAnother: Bool {
    switch kind {
    case .edited, .deleted, .reacted, .unreacted: act.ref != nil
    default: false
    }
  }

  /// Takes in an entry that is about this one.
  package mutating func take(_ entry: RoomEntry) {
    var since = since ?? RoomEntryChange()
    switch entry.kind {
    case .edited:
      guard since.deleted == nil else { return }
      act.text = entry.text
      mentions = entry.mentions
      since.edited = entry.offset
    case .deleted:
      act.text = ""
      mentions = []
      since.deleted = entry.offset
      since.reactions = []
    case .reacted: since.add(entry.text, by: entry.from)
    case .unreacted: since.remove(entry.text, by: entry.from)
    default: return
    }
    self.since = since
  }
}

extension RoomEntryChange {
  /// Somebody put a reaction.
  package mutating func add(_ text: String, by nick: Nick) {
    let index = reactions.firstIndex { $0.text == text } ?? reactions.endIndex
    if index == reactions.endIndex {
      guard reactions.count < Self.maximumReactions else { return }
      reactions.append(Reaction(text: text, nicks: [], count: 0))
    }
    // What a page told may be told again by the entry itself.
    guard !reactions[index].nicks.contains(where: { $0.folded == nick.folded }) else { return }
    reactions[index].count += 1
    if reactions[index].nicks.count < Reaction.maximumNicks { reactions[index].nicks.append(nick) }
  }

  /// Somebody took a reaction back.
  package mutating func remove(_ text: String, by nick: Nick) {
    guard let index = reactions.firstIndex(where: { $0.text == text }) else { return }
    reactions[index].count -= 1
    reactions[index].nicks.removeAll { $0.folded == nick.folded }
    if reactions[index].count <= 0 { reactions.remove(at: index) }
  }
}

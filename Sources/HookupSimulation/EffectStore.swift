import HookupCore

/// Where a receiver's effects and its cursors lie: one transaction for both, or, without a store, effects that stay and cursors
/// that die with the process.
struct EffectStore {
  struct Effect {
    var body: UInt64
    var key: Key
    var sequence: UInt64
    var isRedelivered: Bool
  }

  /// One sender's numbering.
  struct Key: Hashable {
    var client: SessionID
    var epoch: UInt64
  }

  struct Cursor {
    var committed: UInt64
    var tag: UInt64
    var refusals: [SessionHello.Refusal] = []
  }

  enum Applied: Equatable {
    case committed
    case refused(String)
    case gap
  }

  var log: [Effect] = []
  var cursors: [Key: Cursor] = [:]
  /// The numbering that was committed to last.
  var latest: Key?
  /// The highest count of dials that each client was heard with.
  var connections: [SessionID: UInt64] = [:]
  let isTransactional: Bool

  let keepsOneCursor: Bool

  init(isTransactional: Bool, keepsOneCursor: Bool) {
    self.isTransactional = isTransactional
    self.keepsOneCursor = keepsOneCursor
  }

  func memory(of key: Key) -> ReceiveWindow.Memory {
    if cursors.keys.contains(where: {
      $0.client == key.client && SessionIdentity.isStale(key.epoch, beside: $0.epoch)
    }) {
      return .superseded
    }
    if let cursor = cursors[key] { return .committed(cursor.committed, tag: cursor.tag) }
    return isTransactional ? .nothing : .unknown
  }

  mutating func crash() {
    if !isTransactional { forgetCursor() }
  }

  mutating func forgetCursor() {
    cursors = [:]
    latest = nil
  }

  /// One transaction.
  mutating func apply(
    _ delivery: Delivery, refusal: String?, filters: Bool = true
  ) -> Applied {
    var cursor =
      cursors[delivery.key] ?? Cursor(committed: delivery.base, tag: 0)
    if filters, delivery.sequence <= cursor.committed {
      guard delivery.body != nil,
        let known = cursor.refusals.first(where: { $0.sequence == delivery.sequence })
      else { return .committed }
      return .refused(known.reason)
    }
    guard delivery.body == nil || delivery.sequence <= cursor.committed + 1 else { return .gap }
    if let refusal {
      cursor.refusals.append(
        SessionHello.Refusal(sequence: delivery.sequence, reason: refusal))
      if cursor.refusals.count > 64 { cursor.refusals.removeFirst() }
    } else if let body = delivery.body {
      log.append(
        Effect(
          body: body, key: delivery.key, sequence: delivery.sequence,
          isRedelivered: delivery.isRedelivered))
    }
    cursor.committed = max(cursor.committed, delivery.sequence)
    cursor.tag = delivery.tag
    // A client keeps one cursor, of its server's numbering of the moment.
    if keepsOneCursor, latest != delivery.key { cursors = [:] }
    cursors[delivery.key] = cursor
    latest = delivery.key
    return refusal.map { .refused($0) } ?? .committed
  }
}

/// What a machine handed over to be committed.
struct Delivery {
  var key: EffectStore.Key
  /// What was committed of this numbering when it was taken up.
  var base: UInt64
  var sequence: UInt64
  var tag: UInt64
  /// Nil for a pass: the cursor moves alone.
  var body: UInt64?
  var isRedelivered: Bool
}

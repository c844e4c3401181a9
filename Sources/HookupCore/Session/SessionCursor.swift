/// How far one numbering of one client is committed: what a server keeps of a session, together with the effects of its messages.
public struct SessionCursor: Hashable, Sendable {
  /// How many numbers below the newest committed one a refusal is kept: a client that sends beyond a window has heard it.
  public static let refusalWindow = UInt64(Limits.inFlightMessages)

  public var client: SessionID
  /// The id of the client's numbering; numbers of two numberings have nothing to do with each other.
  public var epoch: UInt64
  /// Everything up to this number is committed; at most 2^53 - 1.
  public var committed: UInt64
  /// What tells the message of that number from any other; 0 when there is none, or it is not known.
  public var tag: UInt64
  /// The client's count of the connection it came on.
  public var connection: UInt64
  /// The numbers refused for good among those that this cursor commits first; rising. A store keeps them beside those it has, as
  /// long as they are within ``refusalWindow``.
  public var refusals: [SessionRefusal]

  public init(
    client: SessionID, epoch: UInt64, committed: UInt64, tag: UInt64, connection: UInt64,
    refusals: [SessionRefusal] = []
  ) {
    self.client = client
    self.epoch = epoch
    self.committed = committed
    self.tag = tag
    self.connection = connection
    self.refusals = refusals
  }
}

/// A number that was committed without its message having an effect.
public struct SessionRefusal: Hashable, Sendable {
  public var sequence: UInt64
  /// For people; of more than 256 bytes of UTF-8 the client gets the beginning.
  public var reason: String

  public init(sequence: UInt64, reason: String) {
    self.sequence = sequence
    self.reason = reason
  }
}

/// What is remembered of one numbering of one client.
public struct SessionMemory: Hashable, Sendable {
  /// Beyond the life of a process.
  @nonexhaustive
  public enum What: Hashable, Sendable {
    /// Everything up to this number, which had this tag, is committed.
    case committed(UInt64, tag: UInt64)
    /// This numbering was never seen here, and had it been seen it would be remembered.
    case nothing
    /// Whether it was seen is not remembered.
    case unknown
    /// A numbering that the client began later, or another of the same age, is known: this one comes from a backup or a copy.
    case superseded
  }

  public var what: What
  /// The highest of the client's connections that anything was committed of, under whatever numbering; 0 when none is known.
  public var lastConnection: UInt64
  /// The refusals within ``SessionCursor/refusalWindow``, rising.
  public var refusals: [SessionRefusal]

  public init(_ what: What, lastConnection: UInt64 = 0, refusals: [SessionRefusal] = []) {
    self.what = what
    self.lastConnection = lastConnection
    self.refusals = refusals
  }

  /// What a store answers for numbering `epoch` of a client of which it has `cursors`.
  ///
  /// - Parameter hasForgotten: whether any cursor was ever let go; one that was not there may have been.
  package init(of epoch: UInt64, among cursors: [SessionCursor], hasForgotten: Bool) {
    let last = cursors.map(\.connection).max() ?? 0
    if cursors.contains(where: { SessionIdentity.isStale(epoch, beside: $0.epoch) }) {
      self.init(.superseded, lastConnection: last)
    } else if let cursor = cursors.first(where: { $0.epoch == epoch }) {
      self.init(
        .committed(cursor.committed, tag: cursor.tag), lastConnection: last,
        refusals: cursor.refusals)
    } else {
      self.init(hasForgotten ? .unknown : .nothing, lastConnection: last)
    }
  }
}

/// The cursors of many clients in memory, as a store of any kind keeps them.
package struct SessionCursors: Sendable {
  /// How many numberings of one client are kept: a client begins a new one only when it was restored or copied.
  package static let epochsPerClient = 8

  private struct Client: Sendable {
    /// The one committed last is the last.
    var cursors: [SessionCursor] = []
    var lastConnection: UInt64 = 0
    /// When something was last committed, counted.
    var turn: UInt64 = 0
  }

  private let maximumClients: Int
  private var clients: [SessionID: Client] = [:]
  private var turn: UInt64 = 0
  /// Whether something was forgotten: what is not there may have been.
  private var hasForgotten: Bool

  /// - Parameters:
  ///   - maximumClients: at least 1; one more, and those committed longest ago are forgotten.
  ///   - remembersAll: whether what was never committed here was never committed at all.
  package init(maximumClients: Int, remembersAll: Bool) {
    self.maximumClients = max(1, maximumClients)
    hasForgotten = !remembersAll
  }

  /// What is committed of a numbering; nil when nothing is known of it.
  package func committed(of client: SessionID, epoch: UInt64) -> UInt64? {
    clients[client]?.cursors.first { $0.epoch == epoch }?.committed
  }

  package func memory(of client: SessionID, epoch: UInt64) -> SessionMemory {
    let known = clients[client]
    var memory = SessionMemory(
      of: epoch, among: known?.cursors ?? [], hasForgotten: hasForgotten)
    memory.lastConnection = known?.lastConnection ?? 0
    return memory
  }

  /// Takes a cursor in; a lower number than the one known changes nothing.
  package mutating func commit(_ cursor: SessionCursor) {
    turn += 1
    var client = clients[cursor.client] ?? Client()
    client.turn = turn
    client.lastConnection = max(client.lastConnection, cursor.connection)
    var newest = cursor
    if let index = client.cursors.firstIndex(where: { $0.epoch == cursor.epoch }) {
      let known = client.cursors.remove(at: index)
      newest = cursor.committed > known.committed ? cursor : known
      newest.refusals = known.refusals + cursor.refusals.filter { $0.sequence > known.committed }
    }
    newest.refusals.removeAll {
      $0.sequence + SessionCursor.refusalWindow <= newest.committed
    }
    client.cursors.append(newest)
    if client.cursors.count > Self.epochsPerClient { client.cursors.removeFirst() }
    clients[cursor.client] = client
    if clients.count > maximumClients { forget() }
  }

  /// Lets the eighth go that was committed longest ago, so that the search for them is rare.
  private mutating func forget() {
    hasForgotten = true
    let turns = clients.values.map(\.turn).sorted()
    let last = turns[max(0, min(turns.count - 1, maximumClients / 8))]
    clients = clients.filter { $0.value.turn > last }
  }
}

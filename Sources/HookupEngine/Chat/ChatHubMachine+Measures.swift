import HookupCore

extension ChatHubMachine {
  /// Adds what there is at this moment.
  func measure(into measures: inout ChatMeasures) {
    let census = census
    measures.connections = census.connections
    measures.people = census.people
    measures.openRooms = census.openRooms
    measures.waitingEntries = census.appends
    measures.waitingBytes = census.appendingBytes
    measures.throttledConnections = census.throttled
    measures.pausedConnections = census.paused
    measures.storeFailure = census.storeFailure
  }
}

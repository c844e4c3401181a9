import HookupCore
import NIOCore
import Synchronization

/// The sockets a server has accepted and the handlers that run: who is let in, and when all are gone.
final class ConnectionTracker: Sendable {
  private struct Entry {
    let channel: any Channel
    let decision: AdmissionControl.Decision
    /// What it is counted for.
    var source: AdmissionControl.Source?
  }

  private struct State: ~Copyable {
    var admission: AdmissionControl
    var channels: [ObjectIdentifier: Entry] = [:]
    var handlers = 0
    var isClosed = false
    var waiters: [CheckedContinuation<Void, Never>] = []

    var isIdle: Bool { channels.isEmpty && handlers == 0 }
  }

  private let state: Mutex<State>

  init(limits: ServerLimits) {
    state = Mutex(State(admission: AdmissionControl(limits: limits)))
  }

  /// Decides about a channel that was just accepted; counts it until it closes. Everything is dropped once the server
  /// stops.
  /// - Parameter speaksForOthers: its peer is a trusted proxy, whose address does not count: ``identify(_:as:)`` may follow.
  func admit(_ channel: any Channel, speaksForOthers: Bool = false) -> AdmissionControl.Decision {
    let source = speaksForOthers ? nil : AdmissionControl.Source(channel.remoteAddress)
    let decision = state.withLock { state in
      guard !state.isClosed else { return AdmissionControl.Decision.drop }
      let decision = state.admission.admit(from: source)
      if decision != .drop {
        state.channels[ObjectIdentifier(channel)] = Entry(
          channel: channel, decision: decision, source: decision == .admit ? source : nil)
      }
      return decision
    }
    if decision != .drop {
      channel.closeFuture.whenComplete { _ in
        self.update { state in
          guard let entry = state.channels.removeValue(forKey: ObjectIdentifier(channel)) else {
            return
          }
          state.admission.release(entry.decision, from: entry.source)
        }
      }
    }
    return decision
  }

  /// Counts an admitted channel for the client that its proxy speaks for; the first time.
  /// - Returns: why the client is refused.
  func identify(_ channel: any Channel, as source: AdmissionControl.Source) -> String? {
    state.withLock { state in
      let key = ObjectIdentifier(channel)
      guard let entry = state.channels[key], entry.decision == .admit, entry.source == nil else {
        return nil
      }
      if let reason = state.admission.identify(as: source) { return reason }
      state.channels[key]?.source = source
      return nil
    }
  }

  /// Undoes ``identify(_:as:)``: a proxy's connection may speak for somebody else next.
  func forget(_ channel: any Channel) {
    state.withLock { state in
      let key = ObjectIdentifier(channel)
      guard let source = state.channels[key]?.source else { return }
      state.admission.leave(source)
      state.channels[key]?.source = nil
    }
  }

  func handlerStarted() {
    state.withLock { $0.handlers += 1 }
  }

  func handlerEnded() {
    update { $0.handlers -= 1 }
  }

  /// Lets nobody in any more.
  /// - Returns: the channels that are open now.
  func close() -> [any Channel] {
    state.withLock { state in
      state.isClosed = true
      return state.channels.values.map(\.channel)
    }
  }

  /// The channels that are open now.
  var channels: [any Channel] { state.withLock { $0.channels.values.map(\.channel) } }

  /// Waits until no channel is open and no handler runs, or until ``giveUp()``.
  func waitUntilIdle() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.isIdle { return true }
        state.waiters.append(continuation)
        return false
      }
      if isIdle { continuation.resume() }
    }
  }

  /// Ends the waits that are under way.
  func giveUp() {
    let waiters = state.withLock { state in
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  private func update(_ change: (inout State) -> Void) {
    let isIdle = state.withLock { state in
      change(&state)
      return state.isIdle
    }
    if isIdle { giveUp() }
  }
}

extension AdmissionControl.Source {
  init(_ address: IPAddress) {
    let bytes = address.unmapped.bytes
    if bytes.count == 4 {
      self.init(ipv4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
    } else {
      self.init(ipv6: bytes)
    }
  }

  /// Nil for what has no IP address.
  init?(_ address: SocketAddress?) {
    switch address {
    case .v4(let address):
      self.init(ipv4: UInt32(bigEndian: address.address.sin_addr.s_addr))
    case .v6(let address):
      self = withUnsafeBytes(of: address.address.sin6_addr) { Self(ipv6: $0) }
    case .unixDomainSocket, .none: return nil
    }
  }
}

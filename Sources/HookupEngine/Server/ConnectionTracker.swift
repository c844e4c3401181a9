import HookupCore
import NIOCore
import Synchronization

/// The sockets a server has accepted and the handlers that run: who is let in, and when all are gone.
final class ConnectionTracker: Sendable {
  private struct State: ~Copyable {
    var admission: AdmissionControl
    var channels: [ObjectIdentifier: any Channel] = [:]
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
  func admit(_ channel: any Channel) -> AdmissionControl.Decision {
    let source = AdmissionControl.Source(channel.remoteAddress)
    let decision = state.withLock { state in
      guard !state.isClosed else { return AdmissionControl.Decision.drop }
      let decision = state.admission.admit(from: source)
      if decision != .drop { state.channels[ObjectIdentifier(channel)] = channel }
      return decision
    }
    if decision != .drop {
      channel.closeFuture.whenComplete { _ in
        self.update { state in
          state.admission.release(decision, from: source)
          state.channels[ObjectIdentifier(channel)] = nil
        }
      }
    }
    return decision
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
      return Array(state.channels.values)
    }
  }

  /// The channels that are open now.
  var channels: [any Channel] { state.withLock { Array($0.channels.values) } }

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

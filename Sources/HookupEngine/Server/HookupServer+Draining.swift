import HookupCore

extension HookupServer {
  /// Closes connections because the server stops, and asks the clients of sessions to come back one after another.
  /// - Parameter window: for all of them together; nil: as configured, and no more than they need.
  func dismiss(_ connections: [ServerConnection], over window: Duration?) {
    let returning = connections.filter { $0.resumed != nil }
    let window =
      window
      ?? ReconnectSlots.window(for: returning.count, atMost: configuration.drainWindow)
    var random = RandomSource(seed: .random(in: .min ... .max))
    let slots = ReconnectSlots(
      clients: returning.count, over: window, from: configuration.restartTime, random: &random)
    for (index, connection) in returning.enumerated() {
      connection.sayBye(after: window > .zero ? slots[index] : nil)
    }
    for connection in connections {
      connection.close(
        connection.shutdownCode(configuration), reason: configuration.shutdownReason)
    }
  }
}

extension ServerConnection {
  /// Tells the client of a session that it is to come back.
  /// - Parameter after: when, in milliseconds after the end of this connection; nil: as usual.
  fileprivate func sayBye(after: ClosedRange<Int>?) {
    // Nothing follows that would carry an ack with it.
    sayCommitted()
    let bye = ResumeFrame.Bye(reason: "restarting", resumes: true, after: after)
    guard let frame = try? ResumeFormat.encode(.bye(bye)) else { return }
    enqueue(frame)
  }

  /// What it is closed with because the server stops.
  func shutdownCode(_ configuration: ServerConfiguration) -> CloseCode {
    speaksSession ? .restarting : configuration.shutdownCode
  }
}

import HookupCore

extension ServerConfiguration {
  /// Looks for what would keep ``HookupServer/run()`` from listening: values that make no sense, and TLS files that cannot be used.
  /// Blocks while it reads them. Whether the address is free is not tried.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the value or the file.
  public func check() throws(HookupError) {
    try validate()
    _ = try tls?.makeContext()
  }

  /// - Throws: ``HookupError/Code/invalidArgument`` for the first setting that makes no sense, naming it, what it is and
  ///   what it may be.
  func validate() throws(HookupError) {
    try require(0...65_535, port, "port")
    try require(1...1_024, eventLoopThreads ?? 1, "eventLoopThreads")
    try require(atLeast: 0, shutdownTimeout.wholeNanoseconds, "shutdownTimeout")
    try require(atLeast: 1, idleTimeout?.wholeNanoseconds ?? 1, "idleTimeout")
    guard shutdownCode.isAllowedOnWire else {
      throw invalid("shutdownCode", shutdownCode, "a code that a close frame may carry")
    }
    try require(upTo: ReconnectSlots.longest, drainWindow, "drainWindow")
    try require(upTo: ReconnectSlots.longest, restartTime, "restartTime")
    try require(0...123, shutdownReason.utf8.count, "the length of shutdownReason")
    if let pingPath, !pingPath.hasPrefix("/") {
      throw invalid("pingPath", quoted(pingPath), "a path that begins with '/'")
    }
    try compression?.validate()
    if let sessions {
      try require(1...Limits.inFlightMessages, sessions.receiveWindow, "sessions.receiveWindow")
      try require(atLeast: 1, sessions.maximumSessions, "sessions.maximumSessions")
      try require(atLeast: 1, sessions.helloTimeout.wholeNanoseconds, "sessions.helloTimeout")
      try sessions.replay.validate()
    }
    try limits.validate()
    try validateAdmission()
  }

  private func validateAdmission() throws(HookupError) {
    if let entry = allowedOrigins.malformedEntry {
      throw invalid(
        "an entry of allowedOrigins", quoted(entry),
        "an origin like \"https://example.org\" or \"https://*.example.org\", without a path, "
          + "or \"null\", \"same-host\" or \"*\"")
    }
    if let host = allowedHosts?.first(where: { HostPattern($0[...]) == nil }) {
      throw invalid(
        "an entry of allowedHosts", quoted(host),
        "a host like \"example.org\", \"*.example.org\" or \"[::1]\", without a port")
    }
    let trusted = try TrustedProxies(trustedProxies)
    guard !usesProxyProtocol || !trusted.isEmpty else {
      throw invalid(
        "usesProxyProtocol", true, "false without trustedProxies: nobody would be believed")
    }
    if let unixSocketPath {
      try require(
        1...UnixSocket.maximumPathBytes, unixSocketPath.utf8.count, "the length of unixSocketPath")
      guard !unixSocketPath.utf8.contains(0) else {
        throw invalid("unixSocketPath", quoted(unixSocketPath), "a path without a NUL in it")
      }
    }
    try require(0...0o777, Int(unixSocketMode), "unixSocketMode")
    if let tls, let maximum = tls.maximumVersion, maximum < tls.minimumVersion {
      throw invalid("tls.maximumVersion", maximum, "at least tls.minimumVersion")
    }
  }
}

extension SessionReplay {
  fileprivate func validate() throws(HookupError) {
    if case .journal(let directory, _, _) = self, directory.isEmpty || directory.utf8.contains(0) {
      throw invalid("the directory of sessions.replay", quoted(directory), "a path")
    }
    guard let limits else { return }
    try require(atLeast: 1, limits.maximumMessages, "sessions.replay's maximumMessages")
    try require(atLeast: 1, limits.maximumBytes, "sessions.replay's maximumBytes")
    try require(atLeast: 0, limits.keepFor.wholeNanoseconds, "sessions.replay's keepFor")
    try require(atLeast: 1, limits.maximumJournals, "sessions.replay's maximumJournals")
    try require(atLeast: 1, limits.maximumOpenJournals, "sessions.replay's maximumOpenJournals")
  }
}

extension CompressionSettings {
  fileprivate func validate() throws(HookupError) {
    try require(Self.levels, level, "compression.level")
    try require(Self.windowBitsRange, windowBits, "compression.windowBits")
    try require(Self.memoryLevels, memoryLevel, "compression.memoryLevel")
    try require(atLeast: 0, minimumBytes, "compression.minimumBytes")
  }
}

extension ServerLimits {
  fileprivate func validate() throws(HookupError) {
    try require(1...(1 << 30), maximumMessageBytes, "maximumMessageBytes")
    try require(atLeast: 1, maximumConnections, "maximumConnections")
    try require(atLeast: 1, maximumConnectionsPerAddress ?? 1, "maximumConnectionsPerAddress")
    try require(atLeast: 0, retryAfter.wholeNanoseconds, "retryAfter")
    try require(256...(1 << 20), maximumRequestHeadBytes, "maximumRequestHeadBytes")
    try require(8...10_000, maximumRequestHeaders, "maximumRequestHeaders")
    try require(atLeast: 1, handshakeTimeout.wholeNanoseconds, "handshakeTimeout")
    try require(atLeast: 1, messageTimeout?.wholeNanoseconds ?? 1, "messageTimeout")
    try require(atLeast: 1, inboundEvents, "inboundEvents")
    try require(atLeast: 1, inboundBytes, "inboundBytes")
    try require(atLeast: 1, sendBufferHighBytes, "sendBufferHighBytes")
    try require(1...sendBufferHighBytes, sendBufferLowBytes, "sendBufferLowBytes")
    try require(atLeast: 1, stallTimeout.wholeNanoseconds, "stallTimeout")
    try require(atLeast: 1, messagesInFlight, "messagesInFlight")
    try require(atLeast: 0, closeTimeout.wholeNanoseconds, "closeTimeout")
  }
}

private func require<Number: BinaryInteger>(
  atLeast least: Number, _ number: Number, _ name: String
) throws(HookupError) {
  guard number < least else { return }
  throw invalid(name, number, "at least \(least)")
}

private func require(
  upTo most: Duration, _ time: Duration, _ name: String
) throws(HookupError) {
  guard time < .zero || time > most else { return }
  throw invalid(name, time, "0 to \(most)")
}

private func require(
  _ range: ClosedRange<Int>, _ number: Int, _ name: String
) throws(HookupError) {
  guard !range.contains(number) else { return }
  throw invalid(name, number, "in \(range)")
}

private func invalid(_ name: String, _ value: some Any, _ allowed: String) -> HookupError {
  HookupError(.invalidArgument, "\(name) is \(value); it must be \(allowed)")
}

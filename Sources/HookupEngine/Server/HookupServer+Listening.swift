import HookupCore
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension HookupServer {
  /// - Returns: nil when the server was told to stop meanwhile.
  func listen(_ setup: HTTPChannelSetup, on group: any EventLoopGroup) async throws -> (
    listener: any Channel, address: ServerAddress
  )? {
    let tracker = tracker
    let bootstrap = ServerBootstrap(group: group)
      // The kernel caps it at net.core.somaxconn.
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { [logger] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptFailureHandler(logger: logger))
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // A client that has asked and closes its half still gets its answer.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let isProxy = setup.trusts(channel)
          let decision = tracker.admit(channel, speaksForOthers: isProxy)
          try setup.prepare(channel, decision: decision, isProxy: isProxy)
        }
      }
    let (listener, address) = try await bind(bootstrap)
    let mayServe = lifecycle.withLock { lifecycle in
      guard case .starting = lifecycle.phase else { return false }
      lifecycle.phase = .serving(listener: listener, address: address)
      return true
    }
    guard mayServe else {
      try? await listener.close()
      return nil
    }
    return (listener, address)
  }

  private func bind(_ bootstrap: ServerBootstrap) async throws(HookupError) -> (
    any Channel, ServerAddress
  ) {
    let isSecure = configuration.tls != nil
    if let path = configuration.unixSocketPath {
      let socket = try UnixSocket(path: path, mode: configuration.unixSocketMode)
      do {
        // NIO closes the socket when this fails.
        let listener = try await bootstrap.withBoundSocket(socket.descriptor).get()
        listener.closeFuture.whenComplete { _ in socket.remove() }
        return (listener, ServerAddress(unixSocketPath: path, isSecure: isSecure))
      } catch {
        socket.remove()
        throw HookupError(
          .bindFailed, "the socket \(quoted(path)) cannot be listened on", cause: error)
      }
    }
    do {
      let listener = try await bootstrap.bind(host: configuration.host, port: configuration.port)
        .get()
      let local = listener.localAddress
      return (
        listener,
        ServerAddress(
          host: local?.ipAddress ?? configuration.host, port: local?.port ?? configuration.port,
          isSecure: isSecure)
      )
    } catch {
      throw bindError(error)
    }
  }

  private func bindError(_ error: any Error) -> HookupError {
    let place = "port \(configuration.port) on \(configuration.host)"
    let sentence =
      switch (error as? IOError)?.errnoCode {
      case EADDRINUSE:
        "\(place) is in use by another program: stop it, choose another port, or 0 for a free one"
      case EACCES:
        "\(place) needs privileges this program does not have: choose a port above 1023"
      case EADDRNOTAVAIL:
        "\(place) cannot be listened on: \(configuration.host) is not an address of this machine"
      case .some(let code):
        "\(place) cannot be listened on: \(IOError(errnoCode: code, reason: "bind").description)"
      case nil:
        "\(place) cannot be listened on: \(configuration.host) is not an address or does not resolve to one"
      }
    return HookupError(.bindFailed, sentence, cause: error)
  }
}

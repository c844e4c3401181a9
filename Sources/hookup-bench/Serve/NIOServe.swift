import HookupCore
import HookupEngine
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// SwiftNIO's own WebSocket support, put together as its documentation has it: what the package's server is compared with.
struct NIOServe: Sendable {
  private let plan: ServePlan

  init(_ plan: ServePlan) {
    self.plan = plan
  }

  /// Serves until `stop` returns, or until the task is cancelled.
  /// - Parameter ready: told `listening on URL` once.
  func run(
    until stop: @escaping @Sendable () async -> Void, ready: @escaping @Sendable (String) -> Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
    do {
      let listener = try await listen(on: group)
      let address = ServerAddress(
        host: plan.host, port: listener.localAddress?.port ?? 0, isSecure: plan.tls != nil)
      ready("listening on \(address.url)")
      await stop()
      try await listener.close()
      try await group.shutdownGracefully()
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  private func listen(on group: MultiThreadedEventLoopGroup) async throws -> any Channel {
    let tls = try plan.tls.map { files in
      try NIOSSLContext(
        configuration: .makeServerConfiguration(
          certificateChain: try NIOSSLCertificate.fromPEMFile(files.certificateChainFile)
            .map { .certificate($0) },
          privateKey: .privateKey(try NIOSSLPrivateKey(file: files.privateKeyFile, format: .pem))))
    }
    let mode = plan.mode
    let members = NIOServeMembers()
    return try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
          }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withServerUpgrade: (upgraders: [Self.upgrader(mode, members)], { _ in }))
        }
      }
      .bind(host: plan.host, port: plan.port).get()
  }

  private static func upgrader(
    _ mode: ServeCommand.Mode, _ members: NIOServeMembers
  ) -> NIOWebSocketServerUpgrader {
    NIOWebSocketServerUpgrader(
      maxFrameSize: ServePlan.maximumMessageBytes,
      shouldUpgrade: { channel, head in
        var headers = HTTPHeaders()
        if let offer = head.headers.first(name: "Sec-WebSocket-Protocol") {
          headers.add(name: "Sec-WebSocket-Protocol", value: offer)
        }
        return channel.eventLoop.makeSucceededFuture(headers)
      },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOServeHandler(mode, members))
        }
      })
  }
}

import HookupCore
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What the HTTP side of every connection of a server shares.
final class HTTPChannelSetup: Sendable {
  let configuration: ServerConfiguration
  let subprotocols: SubprotocolRegistry
  let files: StaticFileStore?
  let threadPool: NIOThreadPool
  let logger: Logger
  private let tls: TLSContextStore
  private let pools = EventLoopPools()
  let server: HookupServer
  /// Nil: any.
  let hosts: [HostPattern]?
  let proxies: TrustedProxies
  let judgements = Mutex(0)
  private let common: ServerConnection.Common
  private let settings: WebSocketSettings
  /// Of connections that agreed on nothing.
  private let plainConfiguration: WebSocketMachine.Configuration

  /// - Throws: ``HookupError/Code/invalidArgument`` for certificate files, a public directory or proxies that cannot be used.
  init(server: HookupServer) throws(HookupError) {
    self.server = server
    configuration = server.configuration
    logger = server.logger
    subprotocols = configuration.subprotocols.with(sessions: server.sessions != nil)
    tls = server.tls
    if let tlsSettings = configuration.tls { tls.set(try tlsSettings.makeContext()) }
    hosts = configuration.allowedHosts.map { $0.compactMap { HostPattern($0[...]) } }
    proxies = try TrustedProxies(configuration.trustedProxies)
    common = ServerConnection.Common(server)
    let limits = configuration.limits
    var settings = WebSocketSettings(
      role: .server, maximumMessageBytes: limits.maximumMessageBytes,
      keepalive: configuration.keepalive, closeTimeout: limits.closeTimeout,
      sendBufferHighBytes: limits.sendBufferHighBytes,
      sendBufferLowBytes: limits.sendBufferLowBytes)
    settings.messageTimeout = limits.messageTimeout
    self.settings = settings
    plainConfiguration = settings.configuration
    if let directory = configuration.publicDirectory {
      files = try StaticFileStore(directory: directory)
    } else {
      files = nil
    }
    threadPool = .singleton
  }

  var isSecure: Bool { configuration.tls != nil }

  /// Sets up the pipeline of a channel that was just accepted.
  func prepare(
    _ channel: any Channel, decision: AdmissionControl.Decision, isProxy: Bool
  ) throws {
    guard decision != .drop else { return channel.close(promise: nil) }
    let peer = ConnectionPeer(isLocal ? nil : channel.remoteAddress, isProxy: isProxy)
    guard isProxy, configuration.usesProxyProtocol else {
      return try serve(channel, peer, refusal: refusal(for: decision))
    }
    try channel.pipeline.syncOperations.addHandler(
      ProxyHeaderHandler(setup: self, decision: decision, peer: peer))
  }

  func refusal(for decision: AdmissionControl.Decision) -> HTTPResponse? {
    if case .refuse(let reason) = decision { busy(reason) } else { nil }
  }

  /// Sets up what serves a channel.
  /// - Parameters:
  ///   - refusal: the answer to whatever is asked; nil to serve it.
  ///   - deadline: when the first request must be there; nil: after the time that a handshake may take.
  func serve(
    _ channel: any Channel, _ peer: ConnectionPeer, refusal: HTTPResponse?,
    until deadline: NIODeadline? = nil
  ) throws {
    let pipeline = channel.pipeline.syncOperations
    if let context = tls.context {
      try pipeline.addHandler(NIOSSLServerHandler(context: context))
    } else {
      pools.pool(of: channel.eventLoop).adopt(channel)
    }
    try pipeline.addHandler(
      HTTPChannelHandler(setup: self, peer: peer, refusal: refusal, until: deadline))
  }

  func busy(_ reason: String) -> HTTPResponse {
    let nanoseconds = configuration.limits.retryAfter.wholeNanoseconds
    let seconds = nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 == 0 ? 0 : 1)
    var response = HTTPResponse.refusal(.serviceUnavailable, reason)
    response.headers.append("Retry-After", String(seconds))
    return response
  }

  /// Makes the connection of an accepted handshake known to the server and its handler run.
  func open(
    _ request: ServerRequest, format: any WireFormat, compression: PerMessageDeflate?,
    on channel: any Channel
  ) -> WebSocketChannelHandler {
    let connection = ServerConnection(
      id: server.registry.nextID(), request: request, format: format, common: common,
      eventLoop: channel.eventLoop)
    var settings = settings
    settings.agreedCompression = compression
    let handler = WebSocketChannelHandler(
      channel: channel, settings: settings, delegate: connection,
      pool: pools.pool(of: channel.eventLoop),
      configuration: compression == nil ? plainConfiguration : nil)
    connection.attach(handler.connection)
    server.start(connection)
    return handler
  }
}

import HookupEngine
import NIOCore
import NIOPosix

/// A TCP proxy that does to connections what a bad network does, when it is told to.
///
/// Everything about its connections happens on one event loop; hence `@unchecked Sendable`.
final class FaultProxy: @unchecked Sendable {
  /// Connections at a time; one more is closed at once.
  static let maximumLinks = 1_024

  let port: Int

  private let listener: any Channel
  private let loop: any EventLoop
  private let table: LinkTable

  private init(listener: any Channel, table: LinkTable) {
    self.listener = listener
    loop = listener.eventLoop
    self.table = table
    port = listener.localAddress?.port ?? 0
  }

  /// Listens, and connects on to `target` for each connection that comes.
  /// - Parameter port: 0 picks a free one.
  /// - Throws: ``HookupError/Code/bindFailed``.
  static func start(
    host: String = "127.0.0.1", port: Int, to target: (host: String, port: Int)
  ) async throws(HookupError) -> FaultProxy {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let table = LinkTable()
    let bootstrap = ServerBootstrap(group: loop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { client in
        client.eventLoop.makeCompletedFuture {
          let leg = ProxyLeg(.toServer)
          try client.pipeline.syncOperations.addHandler(leg)
          Self.connect(client, leg, to: target, table)
        }
      }
    do {
      return FaultProxy(
        listener: try await bootstrap.bind(host: host, port: port).get(), table: table)
    } catch {
      throw HookupError(.bindFailed, "the proxy cannot listen on \(host):\(port): \(error)")
    }
  }

  private static func connect(
    _ client: any Channel, _ leg: ProxyLeg, to target: (host: String, port: Int), _ table: LinkTable
  ) {
    guard table.links.count < maximumLinks else { return client.close(promise: nil) }
    let other = ProxyLeg(.toClient)
    ClientBootstrap(group: client.eventLoop)
      .connectTimeout(.seconds(5))
      .channelOption(.autoRead, value: false)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { server in
        server.eventLoop.makeCompletedFuture {
          try server.pipeline.syncOperations.addHandler(other)
        }
      }
      .connect(host: target.host, port: target.port)
      .assumeIsolated().whenComplete { result in
        switch result {
        case .failure: client.close(promise: nil)
        case .success(let server):
          guard client.isActive else { return server.close(promise: nil) }
          table.add(client, leg, server, other)
        }
      }
  }

  /// Does a fault to one connection that `pick` chooses; false when none is there to be hit.
  func strike(
    _ fault: LinkFault, pick: @escaping @Sendable (Int) -> Int?
  ) async -> Bool {
    await onLoop { table in
      let strikable = table.links.filter { $0.value.isStrikable }.sorted { $0.key < $1.key }
      guard let index = pick(strikable.count), strikable.indices.contains(index) else {
        return false
      }
      table.counts[fault.kind, default: 0] += 1
      strikable[index].value.strike(fault)
      return true
    }
  }

  /// Does a fault to every connection that is there to be hit, and returns to how many.
  @discardableResult
  func strikeAll(_ fault: LinkFault) async -> Int {
    await onLoop { table in
      let strikable = table.links.values.filter(\.isStrikable)
      table.counts[fault.kind, default: 0] += strikable.count
      for link in strikable { link.strike(fault) }
      return strikable.count
    }
  }

  /// Ends the connections that have a fault at work; from now on it only passes on.
  func calm() async {
    await onLoop { table in
      for link in table.links.values.filter(\.hasFault) { link.reset() }
    }
  }

  /// How many faults of each kind there were.
  func counts() async -> [LinkFault.Kind: Int] { await onLoop { $0.counts } }

  /// Stops listening and ends all connections.
  func close() async {
    try? await listener.close()
    await onLoop { table in
      for link in Array(table.links.values) { link.reset() }
    }
  }

  private func onLoop<Value: Sendable>(
    _ body: @escaping @Sendable (LinkTable) -> Value
  ) async -> Value {
    await withCheckedContinuation { continuation in
      loop.execute { continuation.resume(returning: body(self.table)) }
    }
  }
}

/// The connections of a proxy. Touched on its event loop only; hence `@unchecked Sendable`.
private final class LinkTable: @unchecked Sendable {
  var links: [Int: ProxyLink] = [:]
  var counts: [LinkFault.Kind: Int] = [:]
  private var last = 0

  func add(_ client: any Channel, _ leg: ProxyLeg, _ server: any Channel, _ other: ProxyLeg) {
    last += 1
    let number = last
    let link = ProxyLink(client: client, server: server) { self.links[number] = nil }
    links[number] = link
    leg.link = link
    other.link = link
    link.start()
  }
}

/// One end of a link in its channel's pipeline. Touched on its event loop only; hence `@unchecked Sendable`.
private final class ProxyLeg: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer

  /// Let go when the channel ends, for the link holds the channel.
  var link: ProxyLink?
  private let direction: LinkDirection

  /// - Parameter direction: where what comes in here goes.
  init(_ direction: LinkDirection) {
    self.direction = direction
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    link?.received(&bytes, direction)
  }

  func channelInactive(context: ChannelHandlerContext) {
    link?.ended(direction)
    link = nil
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

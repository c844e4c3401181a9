import HookupCore
import NIOCore

/// Who is at the other end of a connection, as far as it is known.
struct ConnectionPeer: Sendable {
  /// Nil over a Unix-domain socket.
  var address: IPAddress?
  /// The address as text; empty over a Unix-domain socket.
  var host: String
  /// 0 when it is not known.
  var port: Int
  /// Whether it is believed when it says whom it speaks for.
  var isProxy: Bool

  init(_ address: SocketAddress?, isProxy: Bool) {
    host = address?.ipAddress ?? ""
    port = address?.port ?? 0
    self.address = IPAddress(host)
    self.isProxy = isProxy
  }

  init(_ forwarded: ForwardedAddress, isProxy: Bool) {
    let bytes = ByteBuffer(bytes: forwarded.address.bytes)
    let address = try? SocketAddress(packedIPAddress: bytes, port: forwarded.port ?? 0)
    self.init(address, isProxy: isProxy)
  }
}

extension HTTPChannelSetup {
  /// Whether a channel that was just accepted comes from a trusted proxy.
  func trusts(_ channel: any Channel) -> Bool {
    guard !proxies.isEmpty else { return false }
    if isLocal { return proxies.trusts(nil) }
    return IPAddress(channel.remoteAddress?.ipAddress ?? "").map(proxies.trusts) ?? false
  }

  /// Whether it listens on a Unix-domain socket.
  var isLocal: Bool { configuration.unixSocketPath != nil }

  /// Who stands behind a connection that asks for a WebSocket.
  func client(of head: RequestHead, _ peer: ConnectionPeer) -> ConnectionPeer {
    guard peer.isProxy else { return peer }
    switch proxies.origin(of: peer.address, forwardedFor: head.headers.list("X-Forwarded-For")) {
    case .peer: return peer
    case .forwarded(let address): return ConnectionPeer(address, isProxy: false)
    case .malformed(let member):
      logger.debug(
        "a proxy's X-Forwarded-For is no address",
        metadata: ["proxy": "\(peer.host)", "member": "\(quoted(String(member.prefix(64))))"])
      return peer
    }
  }

  /// The refusal of a client whose address has its connections; nil when it is counted.
  func refusal(of client: ConnectionPeer, on channel: any Channel) -> HTTPResponse? {
    guard let address = client.address else { return nil }
    return server.tracker.identify(channel, as: AdmissionControl.Source(address)).map(busy)
  }
}

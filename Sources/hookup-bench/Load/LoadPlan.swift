import HookupCore
import HookupEngine

/// What a load is to be.
struct LoadPlan: Sendable {
  var benchmark: String
  var url: WebSocketURL
  var connections = 1
  /// Messages that a connection has outstanding.
  var outstanding = 1
  /// Payload bytes of a message.
  var bytes = 100
  var warmUp = Duration.milliseconds(500)
  var measured = Duration.seconds(5)
  /// Event loops that the connections are spread over.
  var threads = 1
  var isInsecure = false
  var deflates = false
  /// The server's process, to be looked at.
  var pid: Int?
  var subprotocols: [String] = []
  /// How long the opening of all connections may take.
  var dialLimit = Duration.seconds(30)

  /// How long a message may wait for its answer when the measured time ends; nil is half of that time, at least a second.
  var stallLimit: Duration?

  /// Handshakes at a time.
  static let dialsAtOnce = 64

  /// Sent on no keepalive, and with room for whatever is outstanding: a load is not to be held up by its own limits.
  var settings: WebSocketSettings {
    WebSocketSettings(
      role: .client, maximumMessageBytes: max(Limits.maximumMessageBytes, 2 * bytes),
      keepalive: nil, closeTimeout: .seconds(2), sendBufferHighBytes: 256 << 20,
      sendBufferLowBytes: 1 << 20, compression: deflates ? CompressionSettings() : nil)
  }

  var connector: WebSocketConnector {
    WebSocketConnector(tls: TLSOptions(disablesCertificateVerification: isInsecure))
  }
}

import HookupCore

/// The bounds and times of one WebSocket.
package struct WebSocketSettings: Hashable, Sendable {
  /// Which end this is.
  package var role: WebSocketRole
  /// The largest message taken from the peer, payload bytes; a larger one closes the connection with 1009 as soon as
  /// its header says so. 1 MiB by default, at most 1 GiB. Small: honest messages are refused. Large: each connection
  /// may hold that much memory.
  package var maximumMessageBytes: Int
  /// Pings and the detection of dead connections; nil switches both off: a half-open connection is then noticed only
  /// when a write fails, after many minutes.
  package var keepalive: KeepaliveSettings?
  /// How long the closing handshake and the peer's closing of the socket may take in all before the socket is dropped.
  /// 5 s by default. Zero: the peer's close frame is hardly ever seen. Long: peers that are gone hold sockets.
  package var closeTimeout: Duration
  /// How long a message may take to arrive, once begun, before the connection is closed with 1008; longer if its bytes keep
  /// coming. Nil, the default: for ever. See ``ServerLimits/messageTimeout``.
  package var messageTimeout: Duration?
  /// Bytes waiting to be written above which the delegate hears `becameWritable(false)`. 1 MiB by default. Small:
  /// senders pause often. Large: a slow peer holds that much memory.
  package var sendBufferHighBytes: Int
  /// Bytes waiting at which a sender that paused hears `becameWritable(true)`. 256 KiB by default; never above the high
  /// mark. Near it: pauses and resumptions alternate quickly. Near zero: the socket runs dry before there is more.
  package var sendBufferLowBytes: Int
  /// What a client offers in its handshake; nil, the default, offers no compression.
  package var compression: CompressionSettings?
  /// What the handshake agreed on; nil, the default: messages are not compressed. A client's connector sets it.
  package var agreedCompression: PerMessageDeflate?

  package init(
    role: WebSocketRole, maximumMessageBytes: Int = Limits.maximumMessageBytes,
    keepalive: KeepaliveSettings? = KeepaliveSettings(), closeTimeout: Duration = .seconds(5),
    sendBufferHighBytes: Int = Limits.sendBufferHighBytes,
    sendBufferLowBytes: Int = Limits.sendBufferLowBytes,
    compression: CompressionSettings? = nil, agreedCompression: PerMessageDeflate? = nil
  ) {
    self.role = role
    self.maximumMessageBytes = maximumMessageBytes
    self.keepalive = keepalive
    self.closeTimeout = closeTimeout
    self.sendBufferHighBytes = sendBufferHighBytes
    self.sendBufferLowBytes = sendBufferLowBytes
    self.compression = compression
    self.agreedCompression = agreedCompression
  }
}

extension WebSocketSettings {
  /// The same for the machine. On a channel its bytes are its own: they are unmasked where they lie.
  package var configuration: WebSocketMachine.Configuration {
    WebSocketMachine.Configuration(
      role: role, maximumMessageBytes: maximumMessageBytes, keepalive: keepalive,
      closeTimeout: closeTimeout, messageTimeout: messageTimeout, unmasksInPlace: true,
      compression: agreedCompression)
  }
}

/// What both ends of a connection agreed on about compressing messages (RFC 7692 §7).
package struct PerMessageDeflate: Hashable, Sendable {
  /// Whether the server refers to its earlier messages.
  package var serverKeepsContext: Bool
  /// Whether the client does.
  package var clientKeepsContext: Bool
  /// The base-2 logarithm of the server's window at most, 8...15.
  package var serverWindowBits: Int
  /// The client's.
  package var clientWindowBits: Int
  /// What this end wants for the rest of it.
  package var settings: CompressionSettings

  /// The extension's name (RFC 7692 §10.1).
  static let name = "permessage-deflate"
  /// The window that nobody limited.
  static let largestWindowBits = 15

  package init(
    serverKeepsContext: Bool = true, clientKeepsContext: Bool = true, serverWindowBits: Int = 15,
    clientWindowBits: Int = 15, settings: CompressionSettings = CompressionSettings()
  ) {
    self.serverKeepsContext = serverKeepsContext
    self.clientKeepsContext = clientKeepsContext
    self.serverWindowBits = serverWindowBits
    self.clientWindowBits = clientWindowBits
    self.settings = settings.clamped
  }

  /// What compresses the messages of `role`; nil when they go as they are: zlib makes no window of 8 bits, and a larger
  /// one would be beyond what was agreed on.
  func deflater(for role: WebSocketRole) -> Deflater? {
    let agreed = role == .server ? serverWindowBits : clientWindowBits
    let bits = min(agreed, settings.windowBits)
    guard CompressionSettings.windowBitsRange.contains(bits) else { return nil }
    return Deflater(
      settings: settings, windowBits: bits,
      keepsContext: role == .server ? serverKeepsContext : clientKeepsContext)
  }

  /// What inflates the messages that come to `role`.
  func inflater(for role: WebSocketRole) -> Inflater {
    role == .server
      ? Inflater(windowBits: clientWindowBits, keepsContext: clientKeepsContext)
      : Inflater(windowBits: serverWindowBits, keepsContext: serverKeepsContext)
  }
}

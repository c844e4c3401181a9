extension PerMessageDeflate {
  /// The parameters of an offer or of an answer, as they stand in the header (RFC 7692 §7.1).
  struct Parameters: Hashable, Sendable {
    /// `client_max_window_bits`: an offer may leave the number to the server (RFC 7692 §7.1.2.2).
    enum ClientWindow: Hashable, Sendable {
      case any
      case bits(Int)
    }

    var serverNoContextTakeover = false
    var clientNoContextTakeover = false
    var serverMaxWindowBits: Int?
    var clientMaxWindowBits: ClientWindow?

    init() {}

    /// nil for an unknown parameter, one that stands twice, or one with a value it cannot have: an offer with such a
    /// parameter is declined, an answer with it ends the handshake (RFC 7692 §7).
    init?(_ parameters: [WebSocketExtension.Parameter]) {
      guard Set(parameters.map(\.name)).count == parameters.count else { return nil }
      for parameter in parameters {
        switch (parameter.name, parameter.value) {
        case ("server_no_context_takeover", nil): serverNoContextTakeover = true
        case ("client_no_context_takeover", nil): clientNoContextTakeover = true
        case ("client_max_window_bits", nil): clientMaxWindowBits = .any
        case ("client_max_window_bits", let value?):
          guard let bits = Self.windowBits(value) else { return nil }
          clientMaxWindowBits = .bits(bits)
        case ("server_max_window_bits", let value?):
          guard let bits = Self.windowBits(value) else { return nil }
          serverMaxWindowBits = bits
        default: return nil
        }
      }
    }

    /// A decimal number from 8 to 15 without leading zeros (RFC 7692 §7.1.2).
    private static func windowBits(_ text: String) -> Int? {
      (8...15).first { String($0) == text }
    }

    /// The extension with these parameters, as a member of `Sec-WebSocket-Extensions`.
    var header: String {
      var parts = [PerMessageDeflate.name]
      if serverNoContextTakeover { parts.append("server_no_context_takeover") }
      if clientNoContextTakeover { parts.append("client_no_context_takeover") }
      if let serverMaxWindowBits { parts.append("server_max_window_bits=\(serverMaxWindowBits)") }
      switch clientMaxWindowBits {
      case .any: parts.append("client_max_window_bits")
      case .bits(let bits): parts.append("client_max_window_bits=\(bits)")
      case nil: break
      }
      return parts.joined(separator: "; ")
    }
  }
}

// The server's part.
extension PerMessageDeflate {
  /// What a server makes of a client's offers: the first that it can accept, and the answer that says so. nil when
  /// there is none, and messages go as they are.
  ///
  /// The server limits windows and contexts to its settings wherever it may: its own always, the client's context
  /// always, the client's window when the client offers that (RFC 7692 §7.1).
  static func accept(
    _ offers: [WebSocketExtension], settings: CompressionSettings
  ) -> (agreed: PerMessageDeflate, header: String)? {
    for offer in offers where offer.name == name {
      guard let offered = Parameters(offer.parameters),
        let accepted = answer(to: offered, settings: settings.clamped)
      else { continue }
      let agreed = PerMessageDeflate(
        serverKeepsContext: !accepted.serverNoContextTakeover,
        clientKeepsContext: !accepted.clientNoContextTakeover,
        serverWindowBits: accepted.serverMaxWindowBits ?? largestWindowBits,
        clientWindowBits: accepted.clientBits ?? largestWindowBits, settings: settings)
      return (agreed, accepted.header)
    }
    return nil
  }

  private static func answer(to offer: Parameters, settings: CompressionSettings) -> Parameters? {
    // zlib compresses with 9 bits at least. Another offer, or none, serves this client better than a server that is
    // not able to compress.
    guard offer.serverMaxWindowBits != 8 else { return nil }
    var answer = Parameters()
    answer.serverNoContextTakeover = offer.serverNoContextTakeover || !settings.keepsContext
    answer.clientNoContextTakeover = offer.clientNoContextTakeover || !settings.keepsContext
    let serverBits = min(offer.serverMaxWindowBits ?? largestWindowBits, settings.windowBits)
    if offer.serverMaxWindowBits != nil || serverBits < largestWindowBits {
      answer.serverMaxWindowBits = serverBits
    }
    if offer.clientMaxWindowBits != nil {
      let clientBits = min(offer.clientBits ?? largestWindowBits, settings.windowBits)
      if clientBits < largestWindowBits { answer.clientMaxWindowBits = .bits(clientBits) }
    }
    return answer
  }
}

// The client's part.
extension PerMessageDeflate {
  /// What a client offers, most wanted first: all that it wants, and, for servers that know fewer parameters, hardly
  /// anything (RFC 7692 §7.1.3).
  static func offers(_ settings: CompressionSettings) -> [Parameters] {
    let settings = settings.clamped
    var least = Parameters()
    least.clientMaxWindowBits = .any
    var wanted = least
    wanted.serverNoContextTakeover = !settings.keepsContext
    wanted.clientNoContextTakeover = !settings.keepsContext
    if settings.windowBits < largestWindowBits {
      wanted.serverMaxWindowBits = settings.windowBits
      wanted.clientMaxWindowBits = .bits(settings.windowBits)
    }
    return wanted == least ? [least] : [wanted, least]
  }

  /// The value of a client's `Sec-WebSocket-Extensions`.
  static func offerHeader(_ settings: CompressionSettings) -> String {
    offers(settings).map(\.header).joined(separator: ", ")
  }

  /// What the server's answer means; nil when the server declined.
  ///
  /// - Parameters:
  ///   - fields: the values of the answer's `Sec-WebSocket-Extensions`.
  ///   - settings: what the offer was made of; nil when none was made.
  /// - Throws: what is wrong with the answer, as the end of a sentence that begins with the server.
  static func agree(
    on fields: [String], settings: CompressionSettings?
  ) throws(AnswerError) -> PerMessageDeflate? {
    guard let members = WebSocketExtension.parse(fields) else {
      throw AnswerError("answered with a malformed Sec-WebSocket-Extensions")
    }
    guard let member = members.first else { return nil }
    guard let settings, members.allSatisfy({ $0.name == name }) else {
      throw AnswerError("chose an extension that was not offered")
    }
    guard members.count == 1 else { throw AnswerError("chose \(name) twice") }
    guard let answer = Parameters(member.parameters) else {
      throw AnswerError("chose \(name) with a parameter that is unknown, doubled or invalid")
    }
    guard offers(settings).contains(where: { answer.fits($0) }) else {
      throw AnswerError("chose \(name) with parameters that do not fit the offer")
    }
    return PerMessageDeflate(
      serverKeepsContext: !answer.serverNoContextTakeover,
      clientKeepsContext: settings.keepsContext && !answer.clientNoContextTakeover,
      serverWindowBits: answer.serverMaxWindowBits ?? largestWindowBits,
      clientWindowBits: answer.clientBits ?? largestWindowBits, settings: settings)
  }

  /// Why a server's answer cannot be taken.
  struct AnswerError: Error, Hashable, Sendable {
    var problem: String

    init(_ problem: String) { self.problem = problem }
  }
}

extension PerMessageDeflate.Parameters {
  /// The client's window, when it is a number.
  fileprivate var clientBits: Int? {
    if case .bits(let bits) = clientMaxWindowBits { bits } else { nil }
  }

  /// Whether this answer accepts `offer`: what was asked of the server is promised, and the client is limited only where
  /// it offered that (RFC 7692 §7.1). A server may refuse the client's context without being asked.
  fileprivate func fits(_ offer: Self) -> Bool {
    if offer.serverNoContextTakeover && !serverNoContextTakeover { return false }
    if let limit = offer.serverMaxWindowBits, serverMaxWindowBits.map({ $0 > limit }) ?? true {
      return false
    }
    switch (clientMaxWindowBits, offer.clientMaxWindowBits) {
    case (nil, _), (.bits, .any): return true
    case (.bits(let bits), .bits(let limit)): return bits <= limit
    case (.any, _), (.bits, nil): return false
    }
  }
}

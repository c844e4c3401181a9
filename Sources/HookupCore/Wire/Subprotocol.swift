/// The names in `Sec-WebSocket-Protocol`, and how one of them is agreed upon (RFC 6455 §1.9, §4.2.2).
public enum Subprotocol {
  /// Plain text, JSON and bytes, no acks: ``SimpleJSONFormat``.
  public static let simpleJson = "simpleJson"
  /// Envelopes and acks, as in the original Hookup: ``JSONProtocolFormat``.
  public static let jsonProtocol = "jsonProtocol"
  /// Sessions that outlive their connections: ``ResumeFormat``.
  public static let resume = "hookup.resume.v1"

  /// How many offered names are looked at; those behind them are passed over.
  package static let maximumOffers = 32

  /// The names in the values of a request's `Sec-WebSocket-Protocol` headers, in order: lists with commas, one header or
  /// several. What is not a token is passed over.
  package static func offers(in headerValues: [String]) -> [String] {
    var offers: [String] = []
    for value in headerValues {
      for item in value.split(separator: ",", maxSplits: maximumOffers) {
        guard offers.count < maximumOffers else { return offers }
        let name = item.drop { $0 == " " || $0 == "\t" }.trimmingSuffix { $0 == " " || $0 == "\t" }
        if isToken(name) { offers.append(String(name)) }
      }
    }
    return offers
  }

  /// Whether `name` may be a subprotocol's name: a token of RFC 9110 §5.6.2, at most 64 characters.
  package static func isToken(_ name: some StringProtocol) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}

/// The wire formats one side speaks: in order of preference, with the one it takes when nothing is agreed.
public struct SubprotocolRegistry: Sendable {
  /// The formats, the most preferred first.
  public let formats: [any WireFormat]
  /// What is spoken with a peer that offers nothing.
  public let defaultFormat: any WireFormat

  /// Hookup's own formats, acks preferred; `simpleJson` for whoever offers nothing: any browser, any script.
  public static let standard = SubprotocolRegistry(
    checked: [JSONProtocolFormat(), SimpleJSONFormat()], default: SimpleJSONFormat())

  /// - Parameters:
  ///   - formats: one's own or ``JSONProtocolFormat`` and ``SimpleJSONFormat``, the most preferred first.
  ///   - name: the subprotocol of the format that is spoken with a peer that offers nothing.
  /// - Throws: ``HookupError/Code/invalidArgument`` when there is no format, two have the same name, a name is not a token
  ///   (RFC 9110 §5.6.2, at most 64 characters), or none is called `name`.
  public init(_ formats: [any WireFormat], default name: String) throws(HookupError) {
    var seen: Set<String> = []
    for subprotocol in formats.map(\.subprotocol) {
      guard Subprotocol.isToken(subprotocol) else {
        throw HookupError(
          .invalidArgument,
          "\(quoted(subprotocol)) cannot be a subprotocol's name: use 1 to 64 letters, digits or !#$%&'*+-.^_`|~"
        )
      }
      guard seen.insert(subprotocol).inserted else {
        throw HookupError(
          .invalidArgument, "two wire formats are called \(quoted(subprotocol)): name each once")
      }
    }
    guard let format = formats.first(where: { $0.subprotocol == name }) else {
      throw HookupError(
        .invalidArgument,
        "the default subprotocol \(quoted(name)) is not among the wire formats: "
          + (formats.isEmpty
            ? "there are none" : "use one of \(seen.sorted().joined(separator: ", "))"))
    }
    self.init(checked: formats, default: format)
  }

  private init(checked formats: [any WireFormat], default format: any WireFormat) {
    self.formats = formats
    defaultFormat = format
  }

  /// The same with `hookup.resume.v1` in front, unless it is among them; or, without sessions, the same without it, when anything
  /// else remains.
  package func with(sessions: Bool) -> SubprotocolRegistry {
    let others = formats.filter { $0.subprotocol != Subprotocol.resume }
    if sessions {
      guard others.count == formats.count else { return self }
      return SubprotocolRegistry(checked: [ResumeFormat()] + formats, default: defaultFormat)
    }
    guard others.count < formats.count, let first = others.first else { return self }
    let remaining = defaultFormat.subprotocol == Subprotocol.resume ? first : defaultFormat
    return SubprotocolRegistry(checked: others, default: remaining)
  }

  /// The names spoken, the most preferred first: what a refusal lists, and what a client offers.
  public var names: [String] { formats.map(\.subprotocol) }

  /// The format called exactly `name`.
  public func format(named name: String) -> (any WireFormat)? {
    formats.first { $0.subprotocol == name }
  }

  /// What a server does about a client's offers.
  package enum Answer: Sendable {
    /// Select it, name it in the response's `Sec-WebSocket-Protocol`, and speak it.
    case select(any WireFormat)
    /// Nothing was offered: speak it, and name none, for a name that was not offered fails the handshake.
    case assume(any WireFormat)
    /// Only unknown names were offered: answer 426 with `Sec-WebSocket-Version: 13` and these names in
    /// `Sec-WebSocket-Protocol`, as the original does.
    case refuse(supported: [String])
  }

  /// The server's first preference among `offers`.
  package func negotiate(_ offers: [String]) -> Answer {
    if offers.isEmpty { return .assume(defaultFormat) }
    if let format = formats.first(where: { offers.contains($0.subprotocol) }) {
      return .select(format)
    }
    return .refuse(supported: names)
  }
}

extension Substring {
  fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
    var end = endIndex
    while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
    return self[startIndex..<end]
  }
}

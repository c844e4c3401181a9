/// The HTTP request that opened a connection.
public struct ServerRequest: Sendable {
  /// The path, percent-encoded as it came, without the query: `/chat`.
  public let path: String
  /// What follows the first `?`, as it came; nil without one.
  public let query: String?
  /// The headers in the order in which they came.
  public let headers: HeaderFields
  /// Where the connection comes from: a numeric address. Behind a proxy, the proxy's. Empty over a Unix-domain socket.
  public let remoteHost: String
  public let remotePort: Int
  /// Whether the connection is encrypted here.
  public let isSecure: Bool
  /// The certificate the client proved to own, verified as ``ServerTLS/clientCertificates`` says; nil when it showed none.
  public let clientCertificate: ClientCertificate?
  /// Who the client is, if ``ServerConfiguration/authorize`` said so.
  public internal(set) var identity: String?

  package init(
    path: String, query: String?, headers: HeaderFields, remoteHost: String, remotePort: Int,
    isSecure: Bool, clientCertificate: ClientCertificate? = nil
  ) {
    self.path = path
    self.query = query
    self.headers = headers
    self.remoteHost = remoteHost
    self.remotePort = remotePort
    self.isSecure = isSecure
    self.clientCertificate = clientCertificate
  }

  /// The `host:port` of the client; `unix` over a Unix-domain socket.
  public var remoteAddress: String {
    if remoteHost.isEmpty { return "unix" }
    return remoteHost.contains(":")
      ? "[\(remoteHost)]:\(remotePort)" : "\(remoteHost):\(remotePort)"
  }
}

/// Header lines in the order in which they came; names compare without regard to ASCII case.
public struct HeaderFields: Hashable, Sendable {
  public struct Field: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public private(set) var fields: [Field] = []

  public init(_ fields: [Field] = []) {
    self.fields = fields
  }

  public mutating func append(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  /// Every value of `name`, in order.
  public subscript(name: String) -> [String] {
    fields.lazy.filter { equalASCII($0.name, name) }.map(\.value)
  }

  /// The value of `name`, when there is at least one: the first.
  public func first(_ name: String) -> String? {
    fields.first { equalASCII($0.name, name) }?.value
  }

  public func contains(_ name: String) -> Bool { first(name) != nil }

  /// The members of a comma-separated list header, over all its lines, trimmed; empty ones are left out
  /// (RFC 9110 §5.6.1).
  public func list(_ name: String) -> [String] {
    self[name].flatMap { $0.split(separator: ",") }
      .map { trimmed($0) }
      .filter { !$0.isEmpty }
  }
}

/// Whether two strings are equal when the letters A to Z are taken for a to z. Other scalars compare as they are.
func equalASCII(_ left: String, _ right: String) -> Bool {
  left.utf8.count == right.utf8.count
    && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
}

func lowercased(_ byte: UInt8) -> UInt8 {
  (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}

/// Without spaces and tabs at both ends.
func trimmed(_ text: Substring) -> String {
  var text = text
  while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
  while let last = text.last, last == " " || last == "\t" { text.removeLast() }
  return String(text)
}

import HookupCore
import NIOCore

/// What a certificate says about its owner (RFC 5280 §4). Who vouches for it is settled in the TLS handshake.
public struct ClientCertificate: Hashable, Sendable {
  /// Another name of the owner (RFC 5280 §4.2.1.6). Names with control characters are left out.
  @nonexhaustive
  public enum AlternativeName: Hashable, Sendable {
    case dns(String)
    case email(String)
    case uri(String)
    /// A numeric address.
    case ip(String)
  }

  /// The owner, as RFC 4514 writes it, most specific part first: `CN=ada,O=Analytical Engines`.
  public let subject: String
  /// The most specific common name of the subject; nil without one, and when it has control characters in it.
  public let commonName: String?
  public let alternativeNames: [AlternativeName]
  /// The certificate in DER.
  public let der: [UInt8]

  /// The SHA-256 of ``der``, 64 lowercase hexadecimal digits: tells this very certificate from every other.
  public var fingerprint: String {
    SHA256.digest(der).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Nil for what is not a certificate.
  init?(der: [UInt8]) {
    var outer = DERReader(der[...])
    guard var certificate = outer.next(DERReader.sequence),
      var body = certificate.next(DERReader.sequence)
    else { return nil }
    // The version, which only the first one leaves out; then number, algorithm, issuer, validity.
    _ = body.take(0xA0)
    for _ in 0..<4 {
      guard body.next() != nil else { return nil }
    }
    guard let name = body.next(DERReader.sequence), body.next() != nil else { return nil }
    let subject = DistinguishedName(name)
    self.subject = subject.description
    commonName = subject.commonName
    alternativeNames = Self.alternativeNames(&body)
    self.der = der
  }

  private static func alternativeNames(_ body: inout DERReader) -> [AlternativeName] {
    while let element = body.next() {
      // Extensions; before them there may be unique identifiers.
      guard element.tag == 0xA3 else { continue }
      var wrapper = element.reader
      guard var extensions = wrapper.next(DERReader.sequence) else { return [] }
      while var parts = extensions.next(DERReader.sequence) {
        let identifier = parts.take(DERReader.objectIdentifier)?.content
        guard identifier.map(Array.init) == [0x55, 0x1D, 0x11] else { continue }
        _ = parts.take(DERReader.boolean)
        guard var value = parts.next(DERReader.octetString),
          var names = value.next(DERReader.sequence)
        else { return [] }
        var found: [AlternativeName] = []
        while let name = names.next() {
          if let name = alternativeName(name) { found.append(name) }
        }
        return found
      }
    }
    return []
  }

  private static func alternativeName(_ element: DERReader.Element) -> AlternativeName? {
    if element.tag == 0x87 {
      return (try? SocketAddress(packedIPAddress: ByteBuffer(bytes: element.content), port: 0))?
        .ipAddress.map(AlternativeName.ip)
    }
    guard element.content.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
    let text = String(decoding: element.content, as: UTF8.self)
    switch element.tag {
    case 0x81: return .email(text)
    case 0x82: return .dns(text)
    case 0x86: return .uri(text)
    default: return nil
    }
  }
}

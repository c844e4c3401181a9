import NIOSSL
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ClientCertificateTests {
  private func der(_ authority: TestAuthority, _ name: String) throws -> [UInt8] {
    let file = "\(authority.path)/\(name).pem"
    return try #require(try NIOSSLCertificate.fromPEMFile(file).first).toDERBytes()
  }

  @Test func `a certificate says what openssl says of it`() async throws {
    let authority = try await TestAuthority()
    try await authority.issue(
      "ada",
      subject: "/C=DE/O=Analytical, Engines + Söhne/OU=#1/DC=org/UID=ada/CN= Ada \\\"L\\\" ",
      names:
        "DNS:ada.example.org,DNS:*.example.org,email:ada@example.org,URI:urn:x,IP:10.0.0.1,IP:::1")
    let certificate = try #require(ClientCertificate(der: try der(authority, "ada")))
    let openssl = try await Tool.run(
      [
        "openssl", "x509", "-in", "ada.pem", "-noout", "-subject", "-fingerprint", "-sha256",
        "-nameopt", "RFC2253,-esc_msb,utf8",
      ], in: authority.path)
    let lines = openssl.output.split(separator: "\n")
    #expect(lines.first == "subject=\(certificate.subject)"[...])
    let fingerprint = lines.last?.split(separator: "=").last?.replacing(":", with: "").lowercased()
    #expect(fingerprint == certificate.fingerprint)
    #expect(certificate.commonName == " Ada \"L\" ")
    #expect(
      certificate.alternativeNames == [
        .dns("ada.example.org"), .dns("*.example.org"), .email("ada@example.org"), .uri("urn:x"),
        .ip("10.0.0.1"), .ip("::1"),
      ])
  }

  @Test func `a certificate cut short or changed anywhere is read or refused, and never traps`()
    async throws
  {
    let authority = try await TestAuthority()
    try await authority.issue("c", subject: "/CN=c", names: "DNS:c,IP:1.2.3.4")
    let bytes = try der(authority, "c")
    let whole = ClientCertificate(der: bytes)
    #expect(whole?.commonName == "c")
    #expect(whole?.alternativeNames == [.dns("c"), .ip("1.2.3.4")])
    for count in bytes.indices {
      #expect(ClientCertificate(der: Array(bytes[..<count])) == nil)
      for value: UInt8 in [0, 0x1F, 0x30, 0x7F, 0x80, 0x84, 0xFF] {
        var changed = bytes
        changed[count] = value
        _ = ClientCertificate(der: changed)?.fingerprint.utf8.count
      }
    }
  }

  @Test func `names with a NUL in them are not taken for their beginning`() throws {
    // A sequence with one set with one pair: common name "a\0b".
    let name: [UInt8] = [
      0x31, 0x0C, 0x30, 0x0A, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0C, 0x03, 0x61, 0x00, 0x62,
    ]
    let parsed = DistinguishedName(DERReader(name[...]))
    #expect(parsed.commonName == nil)
    #expect(parsed.description == "CN=a\\00b")
  }
}

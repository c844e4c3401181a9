import Testing

@testable import HookupEngine

/// A certificate authority in a directory of its own, and what it has signed. `ca.pem` is its certificate.
final class TestAuthority: Sendable {
  let directory: TemporaryDirectory
  var path: String { directory.path }
  var certificate: String { path + "/ca.pem" }

  private static let newKey = [
    "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
  ]

  init() async throws {
    directory = try TemporaryDirectory()
    try await run(
      ["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=Test Authority"] + Self.newKey
        + ["-keyout", "ca-key.pem", "-out", "ca.pem"])
  }

  private func run(_ arguments: [String]) async throws {
    let outcome = try await Tool.run(arguments, in: path)
    try #require(outcome.status == 0, "\(outcome.output)")
  }

  /// Signs a certificate: `NAME.pem`, with its key in `NAME-key.pem`. Files of that name are overwritten.
  @discardableResult
  func issue(
    _ name: String, subject: String = "/CN=localhost", names: String = "IP:127.0.0.1"
  ) async throws -> ServerTLS.Certificate {
    try await run(
      ["openssl", "req", "-new", "-utf8", "-subj", subject, "-addext", "subjectAltName=\(names)"]
        + Self.newKey + ["-keyout", "\(name)-key.pem", "-out", "\(name).csr"])
    try await run([
      "openssl", "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
      "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out", "\(name).pem",
    ])
    return ServerTLS.Certificate(
      certificateChainFile: "\(path)/\(name).pem", privateKeyFile: "\(path)/\(name)-key.pem")
  }

  /// Settings of a server with the certificate `NAME.pem`.
  func tls(_ name: String) -> ServerTLS {
    ServerTLS(
      certificateChainFile: "\(path)/\(name).pem", privateKeyFile: "\(path)/\(name)-key.pem")
  }

  /// `openssl s_client` against a server: what it says of the handshake, and the answer to a request.
  func sClient(
    _ address: ServerAddress, _ options: [String] = [], path: String = "/ping"
  ) async throws -> Tool.Outcome {
    try await Tool.run(
      [
        "timeout", "20", "openssl", "s_client", "-connect", "127.0.0.1:\(address.port)", "-CAfile",
        "ca.pem", "-ign_eof",
      ] + options, in: directory.path,
      input: "GET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
  }
}

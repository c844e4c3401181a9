import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ServerTLSTests {
  /// A self-signed certificate for 127.0.0.1 in a directory of its own.
  private func certificate() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let status = try directory.run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
      "-keyout", "key.pem", "-out", "cert.pem",
    ])
    try #require(status == 0)
    return directory
  }

  @Test func `wss echoes, and plain text to the same port is not served`() async throws {
    let files = try certificate()
    let cert = files.path + "/cert.pem"
    let configuration = configured {
      $0.tls = ServerTLS(certificateChainFile: cert, privateKeyFile: files.path + "/key.pem")
    }
    try await withServer(configuration) { _, address in
      #expect(address.url.hasPrefix("wss://127.0.0.1:"))
      let (client, connection, _) = try await TestWebSocket.connect(
        address, tls: TLSOptions(trustRoots: .file(cert)))
      connection.send(text: "secret")
      #expect(try await client.heard.next() == .text("secret"))
      let large = String(repeating: "x", count: 200_000)
      connection.send(text: large)
      #expect(try await client.heard.next() == .text(large))
      connection.close(code: 1000, reason: "")
      #expect(try await client.heard.next() == .closed(1000, ""))
      let plain = try await get("/ping", at: address)
      #expect(!plain.contains("HTTP/1.1"))
    }
  }

  @Test func `a client knows the version of TLS that it speaks, while it speaks it`() async throws {
    let files = try certificate()
    let cert = files.path + "/cert.pem"
    let configuration = configured {
      $0.tls = ServerTLS(certificateChainFile: cert, privateKeyFile: files.path + "/key.pem")
    }
    try await withServer(configuration) { _, address in
      var settings = ClientConfiguration.quick
      settings.tls = TLSOptions(trustRoots: .file(cert))
      let settled = settings
      try await withHookupClient(address.url, configuration: settled) { client in
        var events = client.events.makeAsyncIterator()
        _ = try await next(&events) { $0.isConnected }
        #expect(await client.snapshot().link.encryption == "TLS 1.3")
        client.goOffline()
        _ = try await next(&events) { $0.disconnected }
        #expect(await client.snapshot().link.encryption == nil)
      }
    }
  }

  @Test func `files over TLS come whole before the connection closes`() async throws {
    let files = try certificate()
    try files.write("public/large.txt", String(repeating: "0123456789", count: 100_000))
    let configuration = configured {
      $0.publicDirectory = files.path + "/public"
      $0.tls = ServerTLS(
        certificateChainFile: files.path + "/cert.pem", privateKeyFile: files.path + "/key.pem")
    }
    try await withServer(configuration) { _, address in
      let status = try files.run([
        "curl", "--silent", "--fail", "--noproxy", "*", "--max-time", "20", "--http1.1", "--cacert",
        "cert.pem",
        "--header", "Connection: close", "--output", "got.txt",
        "https://127.0.0.1:\(address.port)/large.txt",
      ])
      #expect(status == 0)
      #expect(try files.run(["cmp", "got.txt", "public/large.txt"]) == 0)
    }
  }

  @Test func `files that cannot be used are named`() async throws {
    let (files, other) = (try certificate(), try certificate())
    let cases = [
      ("none.pem", files.path + "/key.pem", "the certificate chain none.pem cannot be read"),
      (files.path + "/cert.pem", "none.pem", "the private key none.pem cannot be read"),
      (files.path + "/cert.pem", other.path + "/key.pem", "does not belong to the certificate"),
    ]
    for (chain, key, words) in cases {
      let server = HookupServer(
        configuration: configured {
          $0.port = 0
          $0.tls = ServerTLS(certificateChainFile: chain, privateKeyFile: key)
        }
      ) { _ in }
      await #expect {
        try await server.run()
      } throws: { error in
        let error = error as? HookupError
        return error?.code == .invalidArgument && error?.message.contains(words) == true
      }
    }
  }
}

import HookupCore
import HookupEngine
import NIOSSL
import Testing

@Suite(.timeLimit(.minutes(1))) struct TLSVerificationTests {
  private let authority: CertificateAuthority
  private var trusting: TLSOptions { TLSOptions(trustRoots: .file(authority.file)) }

  init() throws {
    authority = try CertificateAuthority()
  }

  @Test(arguments: [
    ("DNS:localhost", "localhost"), ("DNS:localhost", "LOCALHOST"), ("DNS:localhost", "localhost."),
    ("IP:127.0.0.1", "127.0.0.1"), ("DNS:x.test,IP:127.0.0.1", "127.0.0.1"),
    ("DNS:*.chat.test", "a.chat.test"),
    ("IP:::1", "[::1]"),
  ])
  func `a certificate for the URL's host is taken`(names: String, host: String) async throws {
    let server = try await authority.issue(names).server()
    try await talk(connector(trusting), .init("wss://\(host):\(server.port)/"))
    try await server.stop()
  }

  @Test(arguments: [
    ("DNS:other.test", "localhost", "it is for 'other.test'"),
    // The connection leads to 127.0.0.1, but that is not who was asked for.
    ("IP:127.0.0.1", "localhost", "it is for 127.0.0.1"),
    ("IP:127.0.0.2", "127.0.0.1", "it is for 127.0.0.2"),
    ("DNS:127.0.0.1", "127.0.0.1", "it is for '127.0.0.1'"),
    ("DNS:*.chat.test", "chat.test", "it is for '*.chat.test'"),
    ("", "localhost", "it names none"),
  ])
  func `a certificate for somebody else is refused before a word is said`(
    names: String, host: String, problem: String
  ) async throws {
    let server = try await authority.issue(names, name: "localhost").server()
    let error = await failure(
      connector(trusting), try .init("wss://u:p@\(host):\(server.port)/"))
    #expect(error?.code == .connectFailed)
    #expect(
      error?.message.contains("not for this host: \(problem)") == true, "\(error?.message ?? "")")
    try await server.ended.next()
    #expect(server.heads.count == 0)
    try await server.stop()
  }

  @Test func `TLS on a Unix-domain socket is with localhost, or the name that is set`() async throws
  {
    let path = "\(authority.directory)/tls.sock"
    let server = try await authority.issue("DNS:localhost").server(socketPath: path)
    try await talk(connector(trusting), .init("wss+unix:\(path):/x"))
    var options = trusting
    options.serverName = "chat.test"
    let error = await failure(connector(options), try .init("wss+unix:\(path):/x"))
    #expect(error?.message.contains("it is for 'localhost'") == true)
    try await server.stop()
  }

  @Test func `an expired certificate is told with its date`() async throws {
    let server = try await authority.issue("DNS:localhost", days: -1).server()
    let error = await failure(connector(trusting), try .init("wss://localhost:\(server.port)/"))
    #expect(
      error?.message.contains("its TLS certificate expired on ") == true, "\(error?.message ?? "")")
    try await server.stop()
  }

  @Test func `a certificate of an unknown authority, or of itself, is not trusted`() async throws {
    let stranger = try CertificateAuthority()
    for certificate in [
      try stranger.issue("DNS:localhost"), try authority.issue("DNS:localhost", isSelfSigned: true),
    ] {
      let server = try await certificate.server()
      for options in [trusting, TLSOptions()] {
        let error = await failure(connector(options), try .init("wss://localhost:\(server.port)/"))
        #expect(
          error?.message.hasSuffix("its TLS certificate is not trusted") == true,
          "\(error?.message ?? "")")
      }
      try await server.stop()
    }
  }

  @Test func `the name asked for is the URL's, or the one that is set`() async throws {
    let names = Mailbox<String?>()
    let server = try await authority.issue("DNS:localhost,DNS:chat.test,IP:127.0.0.1").server(
      names: names)
    try await talk(connector(trusting), .init("wss://localhost:\(server.port)/"))
    #expect(try await names.next() == "localhost")
    try await talk(connector(trusting), .init("wss://127.0.0.1:\(server.port)/"))
    #expect(try await names.next() == nil)
    var options = trusting
    options.serverName = "chat.test"
    try await talk(connector(options), .init("wss://127.0.0.1:\(server.port)/"))
    #expect(try await names.next() == "chat.test")
    options.serverName = "other.test"
    let error = await failure(connector(options), try .init("wss://localhost:\(server.port)/"))
    #expect(error?.message.contains("not for this host") == true)
    try await server.stop()
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func `a client certificate is shown to a server that asks for one`(version: TLSVersion)
    async throws
  {
    let server = try await authority.issue("DNS:localhost")
      .server(minimum: version, maximum: version, demandsClientCertificate: true)
    let client = try authority.issue("", name: "client")
    var options = trusting
    options.clientCertificate = .init(chainFile: client.chainFile, privateKeyFile: client.keyFile)
    try await talk(connector(options), .init("wss://localhost:\(server.port)/"))
    let bare = await failure(connector(trusting), try .init("wss://localhost:\(server.port)/"))
    #expect(bare?.code == .connectFailed)
    #expect(
      bare?.message.contains("asks for a client certificate") == true, "\(bare?.message ?? "")")
    let stranger = try CertificateAuthority().issue("", name: "client")
    options.clientCertificate = .init(
      chainFile: stranger.chainFile, privateKeyFile: stranger.keyFile)
    let foreign = await failure(connector(options), try .init("wss://localhost:\(server.port)/"))
    #expect(foreign?.message.contains("client certificate") == true, "\(foreign?.message ?? "")")
    try await server.stop()
  }

  @Test func `client certificates that cannot be used are named`() async throws {
    let (one, other) = (try authority.issue("", name: "a"), try authority.issue("", name: "b"))
    for (chain, key, problem) in [
      ("/no/chain.pem", one.keyFile, "certificate in /no/chain.pem cannot be read"),
      (one.chainFile, "/no/key.pem", "key in /no/key.pem cannot be read"),
      (one.chainFile, other.keyFile, "do not belong together"),
    ] {
      var options = trusting
      options.clientCertificate = .init(chainFile: chain, privateKeyFile: key)
      let error = await failure(connector(options), try .init("wss://127.0.0.1:1/"))
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
    }
  }

  @Test(arguments: [(TLSVersion.tlsv12, TLSOptions.Version.tls12), (.tlsv13, .tls13)])
  func `each version of TLS is spoken, and only those that are allowed`(
    spoken: TLSVersion, version: TLSOptions.Version
  ) async throws {
    let server = try await authority.issue("DNS:localhost").server(minimum: spoken, maximum: spoken)
    try await talk(connector(trusting), .init("wss://localhost:\(server.port)/"))
    var options = trusting
    (options.minimumVersion, options.maximumVersion) = (version, version)
    try await talk(connector(options), .init("wss://localhost:\(server.port)/"))
    let unwanted: TLSOptions.Version = version == .tls12 ? .tls13 : .tls12
    (options.minimumVersion, options.maximumVersion) = (unwanted, unwanted)
    let error = await failure(connector(options), try .init("wss://localhost:\(server.port)/"))
    #expect(
      error?.message.contains("speaks no TLS version that is allowed") == true,
      "\(error?.message ?? "")")
    (options.minimumVersion, options.maximumVersion) = (.tls13, .tls12)
    let reversed = await failure(connector(options), try .init("wss://localhost:\(server.port)/"))
    #expect(reversed?.code == .invalidArgument)
    try await server.stop()
  }

  @Test func `a redirect out of TLS is refused`() async throws {
    let certificate = try authority.issue("DNS:localhost")
    let context = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.chainFile)
          .map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.keyFile, format: .pem))))
    let server = try await ScriptedServer.start(
      childInitializer: { channel in
        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
      },
      answer: { _ in .bytes("HTTP/1.1 302 Go\r\nLocation: ws://localhost:9/\r\n\r\n") })
    let error = await failure(connector(trusting), try .init("wss://localhost:\(server.port)/"))
    #expect(error?.code == .handshakeFailed)
    #expect(
      error?.message.contains("redirects from wss:// to ws://localhost:9, which is refused") == true
    )
    try await server.stop()
  }

  /// Every name leads to this machine.
  private func connector(_ options: TLSOptions) -> WebSocketConnector {
    WebSocketConnector(tls: options, resolver: { FixedResolver(on: $0, ["127.0.0.1"]) })
  }
}

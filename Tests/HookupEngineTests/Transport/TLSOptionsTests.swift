import HookupEngine
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@Suite(.timeLimit(.minutes(1))) struct TLSOptionsTests {
  @Test func `a server with a certificate from the given file of text is trusted`() async throws {
    let server = try await start()
    let connector = WebSocketConnector(tls: TLSOptions(trustRoots: .pem(Self.certificate)))
    // The second attempt uses what the first one read.
    for _ in 0..<2 {
      let delegate = RecordingDelegate()
      let connected = try await connect(connector, to: "wss://localhost:\(server.port)/", delegate)
      connected.connection.send(.text(ByteBuffer(string: "hi")), written: nil)
      #expect(await delegate.next() == .received([.text(ByteBuffer(string: "hi"))]))
      connected.connection.close(code: 1000, reason: "")
    }
    try await server.stop()
  }

  @Test func `a close after a breach of the protocol reaches the peer through TLS`() async throws {
    let server = try await start()
    let delegate = RecordingDelegate()
    let connector = WebSocketConnector(tls: TLSOptions(trustRoots: .pem(Self.certificate)))
    let connected = try await connect(connector, to: "wss://localhost:\(server.port)/", delegate)
    connected.connection.send(.text(ByteBuffer(bytes: [0xFF])), written: nil)
    let reason = await delegate.closed()
    #expect(reason?.code == 1007)
    #expect(reason?.byPeer == true)
    try await server.stop()
  }

  @Test func `verification can be switched off`() async throws {
    let server = try await start()
    let connector = WebSocketConnector(tls: TLSOptions(disablesCertificateVerification: true))
    let connected = try await connect(
      connector, to: "wss://localhost:\(server.port)/", RecordingDelegate())
    connected.connection.abort()
    try await server.stop()
  }

  @Test func `a certificate that nobody vouches for is refused`() async throws {
    let server = try await start()
    await expect(
      TLSOptions(), "wss://localhost:\(server.port)/", .connectFailed,
      "its TLS certificate is not trusted")
    try await server.stop()
  }

  @Test func `a certificate for another host is refused`() async throws {
    let server = try await start()
    await expect(
      TLSOptions(trustRoots: .pem(Self.certificate)), "wss://127.0.0.1:\(server.port)/",
      .connectFailed, "its TLS certificate is not for this host")
    try await server.stop()
  }

  @Test func `a server without TLS is told apart`() async throws {
    let server = try await TinyServer.start(
      childInitializer: { channel in
        try channel.pipeline.syncOperations.addHandler(Greeter())
      },
      reply: { _ in .raw("") })
    await expect(
      TLSOptions(), "wss://127.0.0.1:\(server.port)/", .connectFailed,
      "it does not speak TLS; is it a ws:// server?")
    try await server.stop()
  }

  @Test(arguments: [
    (TLSOptions.TrustRoots.file("/no/such/file.pem"), "certificates in /no/such/file.pem"),
    (.pem("no certificate"), "given as PEM text"),
  ])
  func `trusted certificates that cannot be read are named`(
    roots: TLSOptions.TrustRoots, problem: String
  ) async throws {
    await expect(
      TLSOptions(trustRoots: roots), "wss://127.0.0.1:1/", .invalidArgument, problem)
  }

  private func start() async throws -> TinyServer {
    let configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [
        .certificate(try NIOSSLCertificate(bytes: Array(Self.certificate.utf8), format: .pem))
      ],
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(Self.key.utf8), format: .pem)))
    let context = try NIOSSLContext(configuration: configuration)
    return try await TinyServer.start(
      childInitializer: { channel in
        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
      },
      reply: { _ in .accept(RecordingDelegate.echo()) })
  }

  private func connect(
    _ connector: WebSocketConnector, to url: String, _ delegate: RecordingDelegate
  ) async throws -> WebSocketConnector.Connected {
    try await connector.connect(
      to: WebSocketURL(url), settings: WebSocketSettings(role: .client),
      on: MultiThreadedEventLoopGroup.singleton.next(), delegate: delegate
    ).get()
  }

  private func expect(
    _ options: TLSOptions, _ url: String, _ code: HookupError.Code, _ problem: String
  ) async {
    let error = await #expect(throws: HookupError.self) {
      try await connect(WebSocketConnector(tls: options), to: url, RecordingDelegate())
    }
    #expect(error?.code == code)
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
  }

  /// Speaks first, as a mail server does.
  private final class Greeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    func channelActive(context: ChannelHandlerContext) {
      context.writeAndFlush(
        wrapOutboundOut(ByteBuffer(string: "220 mail.example ESMTP\r\n")), promise: nil)
    }
  }

  /// For localhost only, signed by itself, good until 2126. The key guards nothing.
  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBizCCATGgAwIBAgIUM1i8L+DgVgbYoD1AExA8jZiisbEwCgYIKoZIzj0EAwIw
    DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjMxNDQwMDBaGA8yMTI2MTAzMDE0NDAw
    MFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCEB
    bAAFKJLFxyvgJv2GeUmIJKJz4IHW7eT0KcdLTSdYv0DAnI7JFVu2Z1KiAAr8WEXe
    rmg2RTihui1iNWmQlIajaTBnMB0GA1UdDgQWBBRH3ri9eoAx/vIdIsfWmlXRmpMh
    oTAfBgNVHSMEGDAWgBRH3ri9eoAx/vIdIsfWmlXRmpMhoTAPBgNVHRMBAf8EBTAD
    AQH/MBQGA1UdEQQNMAuCCWxvY2FsaG9zdDAKBggqhkjOPQQDAgNIADBFAiADbd6U
    4CBDn7aE+3SL5voPBIyyOmPms36OhLbQZQMZ4AIhAM3gtUBobFeRpu6F0DiBfX19
    WdkWSzBZH7N6dqJigLCV
    -----END CERTIFICATE-----
    """
  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBuxYc5CgX1dUV8Nr
    NRNQkmeAO3vGdvM4a4zedGvVBP+hRANCAAQhAWwABSiSxccr4Cb9hnlJiCSic+CB
    1u3k9CnHS00nWL9AwJyOyRVbtmdSogAK/FhF3q5oNkU4obotYjVpkJSG
    -----END PRIVATE KEY-----
    """
}

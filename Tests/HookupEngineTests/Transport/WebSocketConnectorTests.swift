import HookupEngine
import NIOCore
import NIOPosix
import Testing

@Suite(.timeLimit(.minutes(1))) struct WebSocketConnectorTests {
  let loop = MultiThreadedEventLoopGroup.singleton.next()
  let settings = WebSocketSettings(role: .client)

  @Test func `messages of all sizes come back from an echoing server, in order`() async throws {
    let server = try await TinyServer.start { _ in .accept(RecordingDelegate.echo()) }
    let sizes = [0, 1, 125, 126, 65_535, 65_536, 300_000]
    let sent = sizes.map { WireFrame.binary(ByteBuffer(repeating: UInt8($0 % 251), count: $0)) }
    let delegate = RecordingDelegate()
    let connected = try await connect(to: server, delegate)
    for frame in sent { connected.connection.send(frame, written: nil) }
    var received: [WireFrame] = []
    while received.count < sent.count, case .received(let frames)? = await delegate.next() {
      received += frames
    }
    #expect(received == sent)
    connected.connection.close(code: 1000, reason: "done")
    #expect(
      await delegate.closed() == WebSocketCloseReason(code: 1000, reason: "done", byPeer: false))
    try await server.stop()
  }

  @Test func `frames that come with the answer are not lost, and the server hears of the close`()
    async throws
  {
    let serverSide = RecordingDelegate()
    let extra = ByteBuffer(bytes: [0x81, 0x02, 0x68, 0x69])
    let server = try await TinyServer.start { _ in .accept(serverSide, extra: extra) }
    let delegate = RecordingDelegate()
    let connected = try await connect(to: server, delegate)
    #expect(await delegate.next() == .received([.text(ByteBuffer(string: "hi"))]))
    connected.connection.close(code: 4_001, reason: "enough")
    #expect(
      await serverSide.closed() == WebSocketCloseReason(code: 4_001, reason: "enough", byPeer: true)
    )
    #expect(connected.connection.remoteAddress?.port == server.port)
    try await server.stop()
  }

  @Test func `a thousand sends from other threads arrive in order`() async throws {
    let serverSide = RecordingDelegate()
    let server = try await TinyServer.start { _ in .accept(serverSide) }
    let connected = try await connect(to: server, RecordingDelegate())
    for number in 0..<1_000 {
      connected.connection.send(.text(ByteBuffer(string: "\(number)")), written: nil)
    }
    var received: [WireFrame] = []
    while received.count < 1_000, case .received(let frames)? = await serverSide.next() {
      received += frames
    }
    #expect(received == (0..<1_000).map { .text(ByteBuffer(string: "\($0)")) })
    connected.connection.abort()
    #expect(await serverSide.closed()?.code == 1006)
    try await server.stop()
  }

  @Test func `the subprotocol and the answer's headers are told`() async throws {
    let server = try await TinyServer.start { headers in
      #expect(headers.contains { $0 == ("X-Token", "t") })
      return .accept(RecordingDelegate(), speaking: ["jsonProtocol", "simpleJson"])
    }
    let connected = try await connect(
      to: server, RecordingDelegate(), headers: [("X-Token", "t")],
      subprotocols: ["simpleJson", "jsonProtocol"])
    #expect(connected.subprotocol == "jsonProtocol")
    #expect(connected.headers.contains { $0.name == "Upgrade" && $0.value == "websocket" })
    connected.connection.abort()
    try await server.stop()
  }

  @Test func `a server that speaks other subprotocols is named with them`() async throws {
    let server = try await TinyServer.start { _ in
      .accept(RecordingDelegate(), speaking: ["jsonProtocol"])
    }
    let error = await failure(to: server, subprotocols: ["x"])
    #expect(error?.code == .handshakeFailed)
    #expect((error?.cause as? HandshakeRejection)?.subprotocols == ["jsonProtocol"])
    try await server.stop()
  }

  @Test func `an HTTP error is a failed handshake with its status and wait`() async throws {
    let server = try await TinyServer.start { _ in
      .raw("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n")
    }
    let error = await failure(to: server)
    #expect(error?.code == .handshakeFailed)
    #expect(
      error?.message.contains("127.0.0.1:\(server.port) answered with HTTP status 503") == true)
    #expect(
      error?.cause as? HandshakeRejection
        == HandshakeRejection(status: 503, retryAfter: .seconds(7)))
    try await server.stop()
  }

  @Test func `a server that closes without an answer is a failed handshake`() async throws {
    let server = try await TinyServer.start { _ in .rawAndClose("HTTP/1.1 1") }
    let error = await failure(to: server)
    #expect(error?.code == .handshakeFailed)
    #expect(error?.message.contains("closed the connection before it answered") == true)
    try await server.stop()
  }

  @Test func `a server that speaks something else is a failed handshake`() async throws {
    let server = try await TinyServer.start { _ in .raw("220 mail.example ESMTP\r\n") }
    #expect(await failure(to: server)?.message.contains("does not speak HTTP") == true)
    try await server.stop()
  }

  @Test func `a server that never answers is given up after the timeout`() async throws {
    let server = try await TinyServer.start { _ in .raw("") }
    let error = await failure(to: server, timeout: .seconds(2))
    #expect(
      error
        == HookupError(
          .connectFailed,
          "cannot connect to 127.0.0.1:\(server.port): the handshake was not finished within 2 s"
        ))
    try await server.stop()
  }

  @Test func `a port where nobody listens is connection refused`() async throws {
    let port = try await freePort()
    let error = await failure(to: try WebSocketURL("ws://127.0.0.1:\(port)/"))
    #expect(
      error
        == HookupError(.connectFailed, "cannot connect to 127.0.0.1:\(port): connection refused"))
  }

  @Test func `a name that does not exist is an unknown host`() async throws {
    let url = try WebSocketURL("ws://no-such-host.invalid/")
    let error = await failure(to: url)
    #expect(
      error
        == HookupError(
          .connectFailed, "cannot connect to no-such-host.invalid:80: the host name is unknown"))
  }

  @Test func `a header that is not allowed fails before anything is sent`() async throws {
    let error = await failure(
      to: try WebSocketURL("ws://no-such-host.invalid/"), headers: [("Upgrade", "x")])
    #expect(error?.code == .invalidArgument)
  }

  private func connect(
    to server: TinyServer, _ delegate: RecordingDelegate,
    headers: [(name: String, value: String)] = [], subprotocols: [String] = []
  ) async throws -> WebSocketConnector.Connected {
    try await WebSocketConnector().connect(
      to: WebSocketURL("ws://127.0.0.1:\(server.port)/"), headers: headers,
      subprotocols: subprotocols, settings: settings, on: loop, delegate: delegate
    ).get()
  }

  private func failure(
    to server: TinyServer, subprotocols: [String] = [], timeout: Duration = .seconds(10)
  ) async -> HookupError? {
    guard let url = try? WebSocketURL("ws://127.0.0.1:\(server.port)/") else { return nil }
    return await failure(to: url, subprotocols: subprotocols, timeout: timeout)
  }

  private func failure(
    to url: WebSocketURL, headers: [(name: String, value: String)] = [],
    subprotocols: [String] = [], timeout: Duration = .seconds(10)
  ) async -> HookupError? {
    await #expect(throws: HookupError.self) {
      try await WebSocketConnector().connect(
        to: url, headers: headers, subprotocols: subprotocols, timeout: timeout,
        settings: settings, on: loop, delegate: RecordingDelegate()
      ).get()
    }
  }
}

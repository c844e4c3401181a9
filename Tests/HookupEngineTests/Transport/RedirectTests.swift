import HookupCore
import HookupEngine
import Testing

@Suite(.timeLimit(.minutes(1))) struct RedirectTests {
  @Test func `redirects lead to the last server, and secrets stay with the first`() async throws {
    let last = try await ScriptedServer.start { _ in .webSocket }
    let first = try await ScriptedServer.start { head in
      head.hasPrefix("GET /a ")
        ? .bytes("HTTP/1.1 307 Go\r\nLocation: b?x=1\r\nContent-Length: 4\r\n\r\nbody")
        : .bytes("HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:\(last.port)/c\r\n\r\n")
    }
    try await talk(
      WebSocketConnector(),
      .init("ws://anna:secret@127.0.0.1:\(first.port)/a") {
        $0.headers = [("Cookie", "c=1"), ("X-Other", "2")]
      })
    for target in ["/a", "/b?x=1"] {
      let head = try await first.heads.next()
      #expect(head.hasPrefix("GET \(target) HTTP/1.1\r\n"))
      #expect(head.contains("\r\nAuthorization: Basic YW5uYTpzZWNyZXQ=\r\n"))
      #expect(head.contains("\r\nCookie: c=1\r\n"))
    }
    let head = try await last.heads.next()
    #expect(head.hasPrefix("GET /c HTTP/1.1\r\nHost: 127.0.0.1:\(last.port)\r\n"))
    #expect(head.contains("\r\nX-Other: 2\r\n"))
    #expect(!head.contains("Authorization") && !head.contains("Cookie"))
    // Both were left, not kept open.
    try await first.ended.next()
    try await first.ended.next()
    try await first.stop()
    try await last.stop()
  }

  @Test func `a server that leads on and on is left at the limit`() async throws {
    let server = try await ScriptedServer.start { head in
      let number = Int(head.dropFirst(5).prefix { $0.isNumber }) ?? 0
      return .bytes("HTTP/1.1 301 Go\r\nLocation: /\(number + 1)\r\n\r\n")
    }
    let error = await failure(
      WebSocketConnector(),
      try .init("ws://127.0.0.1:\(server.port)/0") { $0.maximumRedirects = 3 })
    #expect(error?.code == .handshakeFailed)
    #expect(error?.message.contains("once more after 3 redirects, the limit") == true)
    #expect(server.heads.count == 4)
    try await server.stop()
  }

  @Test func `a circle is noticed`() async throws {
    let server = try await ScriptedServer.start { head in
      .bytes("HTTP/1.1 308 Go\r\nLocation: \(head.hasPrefix("GET /a ") ? "/b" : "/a")\r\n\r\n")
    }
    let error = await failure(
      WebSocketConnector(), try .init("ws://127.0.0.1:\(server.port)/a"))
    #expect(error?.message.contains("redirects in a circle (ws://127.0.0.1:") == true)
    try await server.stop()
  }

  @Test func `with a limit of 0 a redirect is a refusal`() async throws {
    let server = try await ScriptedServer.start { _ in
      .bytes("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")
    }
    let error = await failure(
      WebSocketConnector(),
      try .init("ws://127.0.0.1:\(server.port)/a") { $0.maximumRedirects = 0 })
    #expect((error?.cause as? HandshakeRejection)?.status == 302)
    #expect(server.heads.count == 1)
    try await server.stop()
  }

  @Test func `the time for an attempt is one for all its redirects`() async throws {
    let silent = try await ScriptedServer.start { _ in .silence }
    let server = try await ScriptedServer.start { _ in
      .bytes("HTTP/1.1 302 Go\r\nLocation: ws://127.0.0.1:\(silent.port)/\r\n\r\n")
    }
    let error = await failure(
      WebSocketConnector(),
      try .init("ws://127.0.0.1:\(server.port)/") { $0.timeout = .seconds(3) })
    #expect(
      error
        == HookupError(
          .connectFailed,
          "cannot connect to 127.0.0.1:\(silent.port): the handshake was not finished within 3 s"
        ))
    try await silent.ended.next()
    try await server.stop()
    try await silent.stop()
  }
}

import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ServerHTTPTests {
  @Test func `the ping path answers load balancers, GET and HEAD, with any query`() async throws {
    try await withServer(
      configured {
        $0.serverName = "Hookup"
      }
    ) { _, address in
      let answer = try await get("/ping?probe=1", at: address)
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(answer.contains("Content-Length: 4\r\n"))
      #expect(answer.contains("Server: Hookup\r\n"))
      #expect(answer.hasSuffix("\r\n\r\npong"))
      let head = try await get("/ping", method: "HEAD", at: address)
      #expect(head.contains("Content-Length: 4\r\n"))
      #expect(head.hasSuffix("\r\n\r\n"))
    }
  }

  @Test func `the ping path can be moved and switched off`() async throws {
    try await withServer(
      configured {
        $0.pingPath = nil
      }
    ) { _, address in
      let answer1 = try await get("/ping", at: address)
      #expect(answer1.hasPrefix("HTTP/1.1 404"))
    }
    try await withServer(
      configured {
        $0.pingPath = "/health"
        $0.pingBody = "fine"
      }
    ) { _, address in
      let answer2 = try await get("/health", at: address)
      #expect(answer2.hasSuffix("fine"))
    }
  }

  @Test func `requests on one connection are answered one after the other`() async throws {
    try await withServer { _, address in
      let one = "GET /ping HTTP/1.1\r\nHost: h\r\n\r\n"
      let last = "GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
      let answers = try await http(one + one + last + one, at: address)
      #expect(answers.ranges(of: "HTTP/1.1 200").count == 2)
      #expect(answers.ranges(of: "HTTP/1.1 404").count == 1)
    }
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", 400), ("nonsense\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\r\n\r\n", 400),
    ("GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde", 405),
    ("PUT /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 405),
    ("GET /none HTTP/1.0\r\n\r\n", 404),
    ("POST / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: close, Upgrade\r\n\r\n", 405),
  ])
  func `what is not served is answered and closed`(request: String, status: Int) async throws {
    try await withServer { _, address in
      let answer3 = try await http(request, at: address)
      #expect(answer3.hasPrefix("HTTP/1.1 \(status) "))
    }
  }

  @Test(arguments: [
    (["Sec-WebSocket-Version: 8"], "Sec-WebSocket-Version: 13", 426)
  ])
  func `a handshake of another version is answered 426 with ours`(
    headers: [String], expected: String, status: Int
  ) async throws {
    try await withServer { _, address in
      let request = upgradeRequest(headers)
        .replacing("Sec-WebSocket-Version: 13\r\n", with: "Connection: close\r\n")
      let answer = try await http(request, at: address)
      #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
      #expect(answer.contains(expected))
    }
  }

  @Test func `a handshake with a body or without a key is answered 400`() async throws {
    try await withServer { _, address in
      let body = upgradeRequest(["Content-Length: 4"]) + "abcd"
      let answer4 = try await http(body, at: address)
      #expect(answer4.hasPrefix("HTTP/1.1 400 "))
      let keyless = upgradeRequest(["Connection: close"])
        .replacing("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", with: "")
      let answer5 = try await http(keyless, at: address)
      #expect(answer5.hasPrefix("HTTP/1.1 400 "))
    }
  }

  @Test func `a head beyond the limits is answered 431, however it arrives`() async throws {
    try await withServer(
      configured {
        $0.limits.maximumRequestHeadBytes = 1_024
        $0.limits.maximumRequestHeaders = 10
      }
    ) { _, address in
      let long = "GET /" + String(repeating: "x", count: 100_000)
      let answer6 = try await http(long, at: address)
      #expect(answer6.hasPrefix("HTTP/1.1 431 "))
      let many = (1...11).map { "H\($0): x\r\n" }.joined()
      let request = "GET / HTTP/1.1\r\nHost: h\r\n\(many)\r\n"
      let answer7 = try await http(request, at: address)
      #expect(answer7.hasPrefix("HTTP/1.1 431 "))
    }
  }

  @Test func `a request that does not come in time is answered 408, silence is hung up on`()
    async throws
  {
    try await withServer(
      configured {
        $0.limits.handshakeTimeout = .milliseconds(1_500)
      }
    ) { _, address in
      let answer8 = try await http("GET / HT", at: address)
      #expect(answer8.hasPrefix("HTTP/1.1 408 "))
      #expect(try await http("", at: address) == "")
    }
    // The same between two requests; longer, for the first must be in time on a busy machine.
    try await withServer(configured { $0.limits.handshakeTimeout = .seconds(6) }) { _, address in
      let kept = try await http("GET /ping HTTP/1.1\r\nHost: h\r\n\r\n", at: address)
      #expect(kept.hasSuffix("pong"))
    }
  }
}

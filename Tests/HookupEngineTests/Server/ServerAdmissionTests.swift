import HookupCore
import NIOCore
import Synchronization
import Testing

@testable import HookupEngine

/// Who gets a WebSocket: origins, hosts, and what the program decides.
@Suite(.timeLimit(.minutes(1))) struct ServerAdmissionTests {
  @Test func `by default pages from the server's own host may connect, others get 403`()
    async throws
  {
    try await withServer { _, address in
      let foreign = try await http(upgradeRequest(["Origin: https://evil.example"]), at: address)
      #expect(foreign.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
      #expect(foreign.contains("Connection: close\r\n"))
      #expect(foreign.contains("evil.example"))
      for headers in [["Origin: http://h"], []] {
        let client = try await RawClient.connect(address)
        try await client.send(upgradeRequest(headers))
        let answer1 = try await client.read(until: "\r\n\r\n")
        #expect(answer1.hasPrefix("HTTP/1.1 101 "))
        await client.close()
      }
      // Files are the browser's own matter.
      let answer2 = try await get("/ping", headers: ["Origin: https://evil.example"], at: address)
      #expect(answer2.hasPrefix("HTTP/1.1 200 "))
    }
  }

  @Test func `a host that is not the server's gets 421, except for the ping`() async throws {
    let configuration = configured { $0.allowedHosts = ["chat.example.org", "*.local"] }
    try await withServer(configuration) { _, address in
      let wrong = try await http(upgradeRequest(), at: address)
      #expect(wrong.hasPrefix("HTTP/1.1 421 Misdirected Request\r\n"))
      let answer3 = try await get("/", at: address)
      #expect(answer3.hasPrefix("HTTP/1.1 421 "))
      let answer4 = try await get("/ping", at: address)
      #expect(answer4.hasPrefix("HTTP/1.1 200 "))
      let sneaky = upgradeRequest().replacing("GET /chat?x=1", with: "GET /ping")
      let answer5 = try await http(sneaky, at: address)
      #expect(answer5.hasPrefix("HTTP/1.1 421 "))
      let answer6 = try await http("GET / HTTP/1.0\r\n\r\n", at: address)
      #expect(answer6.hasPrefix("HTTP/1.1 421 "))
      let close = "Connection: close\r\n\r\n"
      for host in ["Chat.example.org:\(address.port)", "a.local"] {
        let right = try await http("GET / HTTP/1.1\r\nHost: \(host)\r\n" + close, at: address)
        #expect(right.hasPrefix("HTTP/1.1 404 "))
      }
      let target = "GET http://evil/ HTTP/1.1\r\nHost: chat.example.org\r\n" + close
      let answer7 = try await http(target, at: address)
      #expect(answer7.hasPrefix("HTTP/1.1 421 "))
    }
  }

  @Test(arguments: ["h:80", "http://h", "", "*"])
  func `a host that cannot be one keeps the server from starting`(host: String) {
    var configuration = ServerConfiguration()
    configuration.allowedHosts = [host]
    #expect(throws: HookupError.self) { try configuration.validate() }
  }

  @Test func `a program asks for a password, and its handler knows who came`() async throws {
    let identities = Mailbox<String?>()
    let configuration = configured {
      $0.authorize = { request in
        guard case .basic("ada", "secret") = request.authorization else {
          return .unauthorized(challenge: "Basic realm=\"chat\"")
        }
        var headers = HeaderFields()
        headers.append("Set-Cookie", "session=1")
        headers.append("Sec-WebSocket-Accept", "forged")
        headers.append("Bad Name", "x")
        return .accept(headers: headers, identity: "ada")
      }
    }
    try await withServer(configuration) { connection in
      identities.put(connection.request.identity)
      try await echo(connection)
    } body: { _, address in
      let refused = try await http(upgradeRequest(), at: address)
      #expect(refused.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
      #expect(refused.contains("WWW-Authenticate: Basic realm=\"chat\"\r\n"))
      let client = try await RawClient.connect(address)
      // "ada:secret", and a first message with the request: the text "hi", masked with zeros.
      let head = upgradeRequest(["Authorization: Basic YWRhOnNlY3JldA=="])
      try await client.send(bytes: Array(head.utf8) + [0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])
      let answer = try await client.read(until: "\r\n\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 101 "))
      #expect(try await client.read(until: "hi").hasSuffix("hi"))
      #expect(answer.contains("Set-Cookie: session=1\r\n"))
      #expect(!answer.contains("forged") && !answer.contains("Bad Name"))
      #expect(try await identities.next() == "ada")
      // What comes later is read too, although reading was held while the program decided.
      try await client.send(bytes: [0x81, 0x82, 0, 0, 0, 0, 0x79, 0x6F])
      let answer8 = try await client.read(until: "yo")
      #expect(answer8.hasSuffix("yo"))
      await client.close()
    }
  }

  @Test(arguments: [(302, 302), (503, 503), (200, 403), (101, 403), (999, 403)])
  func `a refusal has a status of a refusal`(asked: Int, sent: Int) async throws {
    var headers = HeaderFields()
    headers.append("Location", "https://elsewhere.example/\r\nX: y")
    headers.append("Content-Length", "99")
    let admission = Admission.refuse(status: asked, headers: headers, body: "no\n")
    try await withServer(configured { $0.authorize = { _ in admission } }) { _, address in
      let answer = try await http(upgradeRequest(), at: address)
      #expect(answer.hasPrefix("HTTP/1.1 \(sent) "))
      #expect(answer.contains("Location: https://elsewhere.example/X: y\r\n"))
      #expect(answer.contains("Content-Length: 3\r\n") && !answer.contains("99"))
      #expect(answer.hasSuffix("\r\n\r\nno\n"))
    }
  }

  @Test func `a decision that takes too long is answered 503 and cancelled`() async throws {
    let ends = Mailbox<Bool>()
    let configuration = configured {
      $0.limits.handshakeTimeout = .seconds(2)
      $0.authorize = { _ in
        await untilCancelled()
        ends.put(Task.isCancelled)
        return .accept
      }
    }
    try await withServer(configuration) { server, address in
      let answer = try await http(upgradeRequest(), at: address)
      #expect(answer.hasPrefix("HTTP/1.1 503 "))
      #expect(answer.contains("Retry-After: 5\r\n"))
      #expect(try await ends.next())
      #expect(server.connections.isEmpty)
    }
  }

  @Test func `a client that goes while it is judged is forgotten`() async throws {
    let (begins, ends) = (Mailbox<Void>(), Mailbox<Bool>())
    let configuration = configured {
      $0.authorize = { _ in
        begins.put(())
        await untilCancelled()
        ends.put(Task.isCancelled)
        return .accept
      }
    }
    try await withServer(configuration) { server, address in
      let client = try await RawClient.connect(address)
      try await client.send(upgradeRequest())
      try await begins.next()
      await client.close()
      #expect(try await ends.next())
      #expect(server.connections.isEmpty)
    }
  }

  @Test func `a server that stops answers those that are judged, and waits for the program`()
    async throws
  {
    let begins = Mailbox<Void>()
    let configuration = configured {
      // Not by its time.
      $0.limits.handshakeTimeout = .seconds(3_600)
      $0.authorize = { _ in
        begins.put(())
        await untilCancelled()
        return .accept
      }
    }
    let client = try await withServer(configuration) { server, address in
      let client = try await RawClient.connect(address)
      try await client.send(upgradeRequest())
      try await begins.next()
      return client
    }
    let answer9 = try await client.readToEnd()
    #expect(answer9.hasPrefix("HTTP/1.1 503 "))
  }

  @Test func `a client that floods while it is judged is not read`() async throws {
    let (begins, gate) = (Mailbox<Void>(), Mailbox<Void>())
    let configuration = configured {
      $0.limits.handshakeTimeout = .seconds(40)
      $0.authorize = { _ in
        begins.put(())
        try? await gate.next()
        return .refuse(status: 403)
      }
    }
    try await withServer(configuration) { _, address in
      let client = try await RawClient.connect(address)
      try await client.send(upgradeRequest())
      try await begins.next()
      let sent = Atomic(0)
      let flood = Task {
        let piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
          try await client.send(bytes: piece)
          sent.add(1, ordering: .relaxed)
        }
      }
      // It stands still when the kernel's buffers are full, some megabytes; a server that reads takes all.
      var (before, rounds) = (-1, 0)
      while rounds < 30, before < 64 {
        let now = sent.load(ordering: .relaxed)
        rounds = now == before ? rounds + 1 : 0
        before = now
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(before < 64)
      gate.put(())
      let answer = try await client.read(until: "\r\n\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 403 "))
      await client.close()
      _ = await flood.result
    }
  }
}

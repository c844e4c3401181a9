import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

/// Clients that send what they have to say and close their half.
@Suite(.timeLimit(.minutes(1))) struct ServerHalfClosureTests {
  private func answer(_ request: String, at address: ServerAddress) async throws -> String {
    let client = try await RawClient.connect(address)
    try await client.send(request)
    try await client.closeOutput()
    return try await client.readToEnd()
  }

  @Test func `the answers still come, all of them, and then the end`() async throws {
    let directory = try TemporaryDirectory()
    let large = String(repeating: "0123456789", count: 200_000)
    try directory.write("large.txt", large)
    let configuration = configured {
      $0.publicDirectory = directory.path
      // The end comes because all is answered, not because time is up.
      $0.limits.handshakeTimeout = .seconds(3_600)
    }
    try await withServer(configuration) { _, address in
      let get = { (path: String) in "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n" }
      let answer1 = try await answer(get("/ping"), at: address)
      #expect(answer1.hasSuffix("pong"))
      let answer2 = try await answer(get("/large.txt"), at: address)
      #expect(answer2.hasSuffix(large))
      let three = try await answer(get("/ping") + get("/large.txt") + get("/x"), at: address)
      #expect(three.ranges(of: "HTTP/1.1 ").count == 3)
      #expect(three.contains(large))
      #expect(
        three.hasSuffix("nothing is served at this path\n") || three.hasSuffix("no such file\n"))
    }
  }

  @Test(arguments: ["GET /ping HTTP/1.1\r\nHo", "GET /ping HTTP/1.1\r\nHost: h\r\n\r\nGET"])
  func `half a request is answered 400`(request: String) async throws {
    try await withServer { _, address in
      let text = try await answer(request, at: address)
      #expect(text.contains("HTTP/1.1 400 "))
      #expect(text.hasSuffix("the request ends in the middle of its head\n"))
    }
  }

  @Test func `nothing is answered with nothing, at once`() async throws {
    try await withServer { _, address in
      let nothing = try await answer("", at: address)
      #expect(nothing.isEmpty)
    }
  }

  @Test func `a WebSocket whose client closes its half ends`() async throws {
    let ends = Mailbox<DisconnectReason?>()
    try await withServer { connection in
      for await _ in connection.events {}
      ends.put(connection.disconnectReason)
    } body: { _, address in
      let client = try await RawClient.connect(address)
      try await client.send(upgradeRequest())
      _ = try await client.read(until: "\r\n\r\n")
      try await client.closeOutput()
      #expect(try await ends.next()?.code == .abnormal)
      #expect(try await client.readToEnd() == "")
    }
  }

  @Test func `a handshake that follows another request on the connection opens a WebSocket`()
    async throws
  {
    try await withServer { _, address in
      let client = try await RawClient.connect(address)
      try await client.send("GET /ping HTTP/1.1\r\nHost: h\r\n\r\n" + upgradeRequest())
      let answer3 = try await client.read(until: "Accept")
      #expect(answer3.contains("pong"))
      // The text "yo", masked with zeros, in a read of its own.
      try await client.send(bytes: [0x81, 0x82, 0, 0, 0, 0, 0x79, 0x6F])
      let answer4 = try await client.read(until: "yo")
      #expect(answer4.hasSuffix("yo"))
      await client.close()
    }
  }
}

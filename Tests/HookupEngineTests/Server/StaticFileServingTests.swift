import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct StaticFileServingTests {
  private func serving<Result: Sendable>(
    _ body: @Sendable (ServerAddress, TemporaryDirectory) async throws -> Result
  ) async throws -> Result {
    let outside = try TemporaryDirectory()
    try outside.write("secret.txt", "secret")
    try outside.write("public/index.html", "<p>hi")
    try outside.write("public/a b.txt", "spaced")
    try outside.write("public/sub/index.html", "sub")
    try outside.write("public/bare/x.js", "x()")
    try outside.write("public/.env", "hidden")
    try outside.write("public-not/x.txt", "neighbour")
    try outside.link("public/inside.txt", to: "a b.txt")
    try outside.link("public/out.txt", to: "../secret.txt")
    try outside.link("public/outdir", to: "..")
    try outside.link("public/neighbour", to: "../public-not")
    try outside.link("public/loop", to: "loop")
    #expect(try outside.run(["mkfifo", "public/pipe"]) == 0)
    return try await withServer(configured { $0.publicDirectory = outside.path + "/public" }) {
      _, address in try await body(address, outside)
    }
  }

  @Test func `files are served with their type and validators`() async throws {
    try await serving { address, _ in
      let page = try await get("/", at: address)
      #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(page.contains("Content-Type: text/html; charset=utf-8\r\n"))
      #expect(page.contains("Content-Length: 5\r\n"))
      #expect(page.contains("X-Content-Type-Options: nosniff\r\n"))
      #expect(page.contains("ETag: \""))
      #expect(page.contains("Last-Modified: "))
      #expect(page.hasSuffix("\r\n\r\n<p>hi"))
      let spaced = try await get("/a%20b.txt?x", at: address)
      #expect(spaced.hasSuffix("spaced"))
      let linked = try await get("/inside.txt", at: address)
      #expect(linked.hasSuffix("spaced"))
      let head = try await get("/bare/x.js", method: "HEAD", at: address)
      #expect(head.contains("Content-Length: 3\r\n"))
      #expect(head.hasSuffix("\r\n\r\n"))
    }
  }

  @Test func `a directory is redirected to its slash and shows its index, not its list`()
    async throws
  {
    try await serving { address, _ in
      let redirect = try await get("/sub", at: address)
      #expect(redirect.hasPrefix("HTTP/1.1 301 "))
      #expect(redirect.contains("Location: /sub/\r\n"))
      let index = try await get("/sub/", at: address)
      #expect(index.hasSuffix("sub"))
      let bare = try await get("/bare/", at: address)
      #expect(bare.hasPrefix("HTTP/1.1 404 "))
    }
  }

  @Test(arguments: [
    "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/sub/../../secret.txt",
    "/sub/..%2f..%2f..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "//etc/passwd", "/etc/passwd",
    "/out.txt", "/outdir/secret.txt", "/outdir/", "/neighbour/x.txt", "/loop", "/pipe", "/.env",
    "/%2eenv", "/none", "/index.html/", "/index.html/x", "/index.html%00.txt", "/sub%5c..%5c..",
    "http://h/../secret.txt",
  ])
  func `nothing else is`(path: String) async throws {
    try await serving { address, _ in
      let answer = try await get(path, at: address)
      #expect(answer.hasPrefix("HTTP/1.1 404 "))
      #expect(!answer.contains("secret") && !answer.contains("neighbour"))
    }
  }

  @Test func `a copy that is still good is not sent again`() async throws {
    try await serving { address, directory in
      let first = try await get("/index.html", at: address)
      let tag = try #require(first.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") })
        .dropFirst(6)
      let second = try await get(
        "/index.html", headers: ["If-None-Match: \(tag)"], at: address)
      #expect(second.hasPrefix("HTTP/1.1 304 "))
      #expect(second.hasSuffix("\r\n\r\n"))
      try directory.write("public/index.html", "<p>changed")
      let third = try await get("/index.html", headers: ["If-None-Match: \(tag)"], at: address)
      #expect(third.hasSuffix("<p>changed"))
    }
  }

  @Test func `a range is sent alone`() async throws {
    try await serving { address, _ in
      let part = try await get("/a%20b.txt", headers: ["Range: bytes=2-3"], at: address)
      #expect(part.hasPrefix("HTTP/1.1 206 "))
      #expect(part.contains("Content-Range: bytes 2-3/6\r\n"))
      #expect(part.contains("Content-Length: 2\r\n"))
      #expect(part.hasSuffix("\r\n\r\nac"))
      let beyond = try await get("/a%20b.txt", headers: ["Range: bytes=6-"], at: address)
      #expect(beyond.hasPrefix("HTTP/1.1 416 "))
      #expect(beyond.contains("Content-Range: bytes */6\r\n"))
    }
  }

  @Test func `a large file comes whole, in pieces, and the connection goes on`() async throws {
    try await serving { address, directory in
      let content = (0..<100_000).map { "\($0)\n" }.joined()
      try directory.write("public/large.txt", content)
      let answers = try await http(
        "GET /large.txt HTTP/1.1\r\nHost: h\r\n\r\n"
          + "GET /ping HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", at: address)
      #expect(answers.contains("\r\n\r\n0\n1\n"))
      #expect(answers.contains("\n99999\nHTTP/1.1 200 OK\r\n"))
      #expect(answers.hasSuffix("pong"))
      let size = content.utf8.count
      #expect(answers.contains("Content-Length: \(size)\r\n"))
    }
  }

  @Test func `a client that does not read a file is hung up on`() async throws {
    let directory = try TemporaryDirectory()
    try directory.write("large", String(repeating: "x", count: 32 << 20))
    let configuration = configured {
      $0.publicDirectory = directory.path
      $0.limits.stallTimeout = .milliseconds(200)
      $0.limits.maximumConnections = 1
    }
    try await withServer(configuration) { server, address in
      let client = try await RawClient.connect(address, reads: false)
      try await client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
      // Its place is free again once the server has given up.
      try await until { try await get("/ping", at: address).hasSuffix("pong") }
      await client.close()
    }
  }

  @Test func `a public directory that is not there is told at the start`() async throws {
    let server = HookupServer(configuration: configured { $0.publicDirectory = "/nonexistent" }) {
      _ in
    }
    await #expect {
      try await server.run()
    } throws: { error in
      (error as? HookupError)?.message
        == "the public directory '/nonexistent' cannot be served: No such file or directory"
    }
  }
}

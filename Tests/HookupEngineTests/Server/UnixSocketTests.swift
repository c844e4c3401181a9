import HookupCore
import Testing

@testable import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite(.timeLimit(.minutes(1))) struct UnixSocketTests {
  private func mode(_ path: String) -> UInt32? {
    var status = stat()
    return lstat(path, &status) == 0 ? UInt32(status.st_mode) : nil
  }

  @Test func `a server on a Unix-domain socket serves, tells no address, and removes it`()
    async throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/s"
    let hosts = Mailbox<String>()
    let configuration = configured {
      $0.unixSocketPath = path
      $0.limits.maximumConnectionsPerAddress = 1
    }
    try await withServer(configuration) { connection in
      hosts.put(connection.request.remoteHost + "|" + connection.request.remoteAddress)
      for await _ in connection.events {}
    } body: { server, address in
      #expect(address.url == "ws+unix:\(path)")
      #expect(server.address == address)
      #expect(mode(path) == UInt32(S_IFSOCK) | 0o600)
      // Two at once, though an address may have one.
      let client = try await RawClient.connect(address)
      try await client.send(upgradeRequest())
      let answer1 = try await client.read(until: "\r\n\r\n")
      #expect(answer1.hasPrefix("HTTP/1.1 101 "))
      #expect(try await hosts.next() == "|unix")
      let answer2 = try await get("/ping", at: address)
      #expect(answer2.hasSuffix("pong"))
      await client.close()
    }
    #expect(mode(path) == nil)
  }

  @Test func `the permissions are those that were set`() throws {
    let directory = try TemporaryDirectory()
    for bits: UInt16 in [0o600, 0o660, 0o666] {
      let socket = try UnixSocket(path: directory.path + "/s", mode: bits)
      #expect(mode(socket.path) == UInt32(S_IFSOCK) | UInt32(bits))
      close(socket.descriptor)
      socket.remove()
      #expect(mode(socket.path) == nil)
    }
  }

  @Test func `a stale socket is replaced, one in use and other files are left alone`() async throws
  {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/s"
    let stale = try UnixSocket(path: path, mode: 0o600)
    close(stale.descriptor)
    try await withServer(configured { $0.unixSocketPath = path }) { _, address in
      // What was there before is not this server's to remove.
      stale.remove()
      let answer3 = try await get("/ping", at: address)
      #expect(answer3.hasSuffix("pong"))
      let refusal = #expect(throws: HookupError.self) { try UnixSocket(path: path, mode: 0o600) }
      #expect(refusal?.code == .bindFailed)
      #expect(refusal?.message.contains("in use by another program") == true)
      let answer4 = try await get("/ping", at: address)
      #expect(answer4.hasSuffix("pong"))
    }
    try directory.write("file", "mine")
    let file = directory.path + "/file"
    let refusal = #expect(throws: HookupError.self) { try UnixSocket(path: file, mode: 0o600) }
    #expect(refusal?.message.contains("is no socket") == true)
    #expect(mode(file) != nil)
    let nowhere = directory.path + "/none/s"
    #expect(throws: HookupError.self) { try UnixSocket(path: nowhere, mode: 0o600) }
  }

  @Test(arguments: ["", String(repeating: "x", count: 104), "a\0b"])
  func `a path that cannot be one is refused`(path: String) {
    var configuration = ServerConfiguration()
    configuration.unixSocketPath = path
    #expect(throws: HookupError.self) { try configuration.validate() }
  }
}

import HookupCore
import NIOCore
import Synchronization
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(2))) struct ServerTLSReloadTests {
  @Test func `a reload under traffic drops nobody, and newcomers see the new certificate`()
    async throws
  {
    let authority = try await TestAuthority()
    try await authority.issue("server", subject: "/CN=first")
    try await withServer(configured { $0.tls = authority.tls("server") }) { server, address in
      let (client, connection, _) = try await TestWebSocket.connect(
        address, tls: TLSOptions(trustRoots: .file(authority.certificate)))
      let isOver = Mutex(false)
      let echoed = Mutex(0)
      async let traffic: Void = {
        while !isOver.withLock({ $0 }) {
          let text = "message \(echoed.withLock { $0 })"
          connection.send(text: text)
          try #require(try await client.heard.next() == .text(text))
          echoed.withLock { $0 += 1 }
        }
      }()
      let answer1 = try await authority.sClient(address).output
      #expect(answer1.contains("subject=CN = first\n"))
      try await authority.issue("server", subject: "/CN=second")
      // The files changed; nobody has read them.
      let answer2 = try await authority.sClient(address).output
      #expect(answer2.contains("subject=CN = first\n"))
      let before = echoed.withLock { $0 }
      try await server.reloadTLS()
      let answer3 = try await authority.sClient(address).output
      #expect(answer3.contains("subject=CN = second\n"))

      try authority.directory.write("server.pem", "rubbish")
      await #expect {
        try await server.reloadTLS()
      } throws: { error in
        (error as? HookupError)?.message.contains("server.pem cannot be read as PEM") == true
      }
      let answer4 = try await authority.sClient(address).output
      #expect(answer4.contains("subject=CN = second\n"))
      isOver.withLock { $0 = true }
      try await traffic
      #expect(echoed.withLock { $0 } > before)
      connection.close(code: 1000, reason: "")
      #expect(try await client.heard.next() == .closed(1000, ""))
    }
  }

  @Test func `a server without TLS has nothing to reload`() async throws {
    try await withServer { server, _ in
      let refusal = await #expect(throws: HookupError.self) { try await server.reloadTLS() }
      #expect(refusal?.message.contains("no TLS") == true)
    }
  }

  @Test func `of two readings the later one counts, whichever is done first`() async throws {
    let authority = try await TestAuthority()
    try await authority.issue("server")
    let context = try authority.tls("server").makeContext()
    let newer = try authority.tls("server").makeContext()
    let store = TLSContextStore()
    let (first, second) = (store.beginReading(), store.beginReading())
    store.set(newer, reading: second)
    store.set(context, reading: first)
    #expect(store.context === newer)
  }
}

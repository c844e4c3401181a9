import HookupEngine
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import hookup_bench

@Suite(.timeLimit(.minutes(1))) struct AutobahnRunTests {
  @Test(arguments: [
    ("ws://h:1", "hookup", "ws://h:1/runCase?case=3&agent=hookup"),
    ("ws://h:1/", "a b&c/é", "ws://h:1/runCase?case=3&agent=a%20b%26c%2F%C3%A9"),
  ])
  func `a case has its address`(_ base: String, _ agent: String, _ expected: String) {
    #expect(AutobahnRun.url(base, case: 3, agent: agent) == expected)
  }

  @Test func `each case is run and every message sent back as it came`() async throws {
    let seen = NIOLockedValueBox<[String]>([])
    try await withHandler { connection in
      try await connection.send(.text("one"))
      try await connection.send(.binary(ByteBuffer(string: "two")))
      var heard: [String] = [connection.request.query ?? ""]
      for await event in connection.events {
        switch event {
        case .text(let text): heard.append("text \(text)")
        case .binary(let bytes): heard.append("binary \(String(buffer: bytes))")
        default: continue
        }
        if heard.count == 3 { break }
      }
      seen.withLockedValue { [heard] in $0 += heard }
    } _: { url in
      let run = AutobahnRun(url: url.description, agent: "x", cases: 2)
      let connected = try await run.run(progress: ProgressLine(isShown: false))
      #expect(connected == 2)
      let echoes = ["text one", "binary two"]
      #expect(
        seen.withLockedValue { $0 } == ["case=1&agent=x"] + echoes + ["case=2&agent=x"] + echoes)
    }
  }

  @Test func `a server that is gone does not stop the run`() async throws {
    let run = AutobahnRun(url: "ws://127.1.2.3:9", agent: "x", cases: 2)
    #expect(try await run.run(progress: ProgressLine(isShown: false)) == 0)
  }
}

import Glibc
import HookupEngine
import NIOCore
import Testing

@testable import hookup_bench

/// Short runs of each load against real servers of this process.
@Suite(.timeLimit(.minutes(2))) struct LoadRunTests {
  private static func plan(_ benchmark: String, _ url: WebSocketURL) -> LoadPlan {
    var plan = LoadPlan(benchmark: benchmark, url: url)
    plan.connections = 5
    plan.outstanding = 3
    plan.warmUp = .milliseconds(50)
    plan.measured = .milliseconds(300)
    plan.threads = 2
    return plan
  }

  private static func run(
    _ plan: LoadPlan, makePeer: @escaping LoadRun.MakePeer
  ) async throws -> LoadReport {
    try await LoadRun(plan: plan, progress: ProgressLine(isShown: false)).run(makePeer: makePeer)
  }

  @Test(arguments: ServeCommand.Engine.allCases, [false, true])
  func `an echo is measured and nothing goes wrong`(
    _ engine: ServeCommand.Engine, _ isBinary: Bool
  ) async throws {
    try await withBenchServer(.echo, engine: engine) { url in
      var plan = Self.plan("echo", url)
      plan.pid = Int(getpid())
      let report = try await Self.run(plan) {
        EchoPeer(shard: $0, outstanding: 3, bytes: 100, isBinary: isBinary)
      }
      #expect(report.errors.counts == [:])
      #expect(report.messages > 0)
      #expect(report.latency.map { $0.p50 > 0 && $0.p50 <= $0.p999 } == true)
      #expect((0.3...30).contains(report.seconds))
      #expect(report.server?.cpuSeconds != nil)
      #expect(report.server?.memory != nil)
    }
  }

  @Test func `handlers that are tasks serve too`() async throws {
    try await withBenchServer(.echo, style: .events) { url in
      let report = try await Self.run(Self.plan("echo", url)) {
        EchoPeer(shard: $0, outstanding: 3, bytes: 100, isBinary: true)
      }
      #expect(report.errors.counts == [:])
    }
    try await withBenchServer(.broadcast, style: .events) { url in
      let fanout = Fanout(outstanding: 3, bytes: 64)
      let report = try await Self.run(Self.plan("fanout", url)) { fanout.makePeer($0) }
      #expect(report.errors.counts == [:])
    }
    try await withBenchServer(.acked, style: .events) { url in
      var plan = Self.plan("acked", url)
      plan.subprotocols = [Subprotocol.jsonProtocol]
      let report = try await Self.run(plan) { AckedPeer(shard: $0, outstanding: 3, bytes: 20) }
      #expect(report.errors.counts == [:])
    }
  }

  @Test(arguments: ServeCommand.Engine.allCases)
  func `a fan-out reaches all others`(_ engine: ServeCommand.Engine) async throws {
    try await withBenchServer(.broadcast, engine: engine) { url in
      let fanout = Fanout(outstanding: 3, bytes: 64)
      let report = try await Self.run(Self.plan("fanout", url)) { fanout.makePeer($0) }
      #expect(report.errors.counts == [:])
      // More than one window's worth: the sender was told, and went on.
      #expect(report.messages > 0)
    }
  }

  @Test(arguments: ServeCommand.Engine.allCases)
  func `acks are measured`(_ engine: ServeCommand.Engine) async throws {
    try await withBenchServer(.acked, engine: engine) { url in
      var plan = Self.plan("acked", url)
      plan.subprotocols = [Subprotocol.jsonProtocol]
      let report = try await Self.run(plan) { AckedPeer(shard: $0, outstanding: 3, bytes: 20) }
      #expect(report.errors.counts == [:])
      #expect(report.messages > 0)
    }
  }

  @Test func `connecting is measured`() async throws {
    try await withBenchServer(.echo) { url in
      var plan = Self.plan("connect", url)
      plan.warmUp = .zero
      let redial = Redial(plan) { ConnectPeer(shard: $0, redial: $1) }
      let report = try await Self.run(plan) { redial.makePeer($0) }
      #expect(report.errors.counts == [:])
      #expect(report.messages > 5)
    }
  }

  @Test(arguments: [false, true])
  func `a soak finds nothing wrong with a sound server`(_ deflates: Bool) async throws {
    try await withBenchServer(.echo, deflates: deflates) { url in
      var plan = Self.plan("soak", url)
      plan.deflates = deflates
      let messages = SoakMessages(seed: 1)
      let redial = Redial(plan) {
        SoakPeer(shard: $0, redial: $1, messages: messages, outstanding: 3)
      }
      let report = try await Self.run(plan) { redial.makePeer($0) }
      #expect(report.errors.counts == [:])
      #expect(report.messages > 0)
    }
  }

  @Test(arguments: ServeCommand.Engine.allCases)
  func `idle connections are held and counted`(_ engine: ServeCommand.Engine) async throws {
    try await withBenchServer(.echo, engine: engine) { url in
      var plan = Self.plan("idle", url)
      plan.connections = 40
      plan.measured = .zero
      plan.pid = Int(getpid())
      var run = IdleRun(plan: plan, progress: ProgressLine(isShown: false))
      run.settle = .zero
      let report = try await run.run()
      #expect(report.opened == 40)
      #expect(report.held == 40)
      #expect(report.errors.counts == [:])
      #expect(report.residentKiBPerConnection != nil)
    }
  }

  @Test func `another message than the one sent is found`() async throws {
    try await withHandler { connection in
      for await event in connection.events {
        if case .text(let text) = event { try await connection.send(.text(text + "!")) }
      }
    } _: { url in
      let report = try await Self.run(Self.plan("echo", url)) {
        EchoPeer(shard: $0, outstanding: 1, bytes: 100, isBinary: false)
      }
      #expect((report.errors.counts[.mismatched] ?? 0) > 0)
      #expect(report.messages == 0)
    }
  }

  @Test func `two answers to one message, and a connection that ends, are found`() async throws {
    try await withHandler { connection in
      for await event in connection.events {
        guard case .text(let text) = event else { continue }
        try await connection.send(.text(text))
        try await connection.send(.text(text))
        return
      }
    } _: { url in
      var plan = Self.plan("echo", url)
      plan.connections = 1
      let report = try await Self.run(plan) {
        EchoPeer(shard: $0, outstanding: 1, bytes: 100, isBinary: false)
      }
      #expect(report.errors.counts[.lost] == 1)
      #expect(report.errors.total >= 2)
    }
  }

  @Test func `a server that never answers ends the run in time`() async throws {
    try await withHandler {
      for await _ in $0.events {}
    } _: { url in
      let report = try await Self.run(Self.plan("echo", url)) {
        EchoPeer(shard: $0, outstanding: 3, bytes: 100, isBinary: false)
      }
      #expect(report.errors.counts[.silent] == 1)
    }
  }

  @Test func `a server that stops answering is found`() async throws {
    try await withHandler { connection in
      var answers = 0
      for await event in connection.events {
        guard case .text(let text) = event, answers < 3 else { continue }
        answers += 1
        try await connection.send(.text(text))
      }
    } _: { url in
      var plan = Self.plan("echo", url)
      plan.warmUp = .zero
      plan.stallLimit = .milliseconds(1)
      let report = try await Self.run(plan) {
        EchoPeer(shard: $0, outstanding: 3, bytes: 100, isBinary: false)
      }
      #expect(report.errors.counts[.stalled] == 5)
    }
  }

  @Test func `no server is an error that names the address`() async throws {
    // The discard port of a loopback address that nobody else uses.
    let url = try WebSocketURL("ws://127.1.2.3:9/")
    let error = await #expect(throws: HookupError.self) {
      try await Self.run(Self.plan("echo", url)) {
        EchoPeer(shard: $0, outstanding: 1, bytes: 100, isBinary: false)
      }
    }
    #expect(error?.code == .connectFailed)
    #expect(error?.message.contains("127.1.2.3:9") == true)
  }
}

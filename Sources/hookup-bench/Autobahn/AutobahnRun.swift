import HookupCore
import HookupEngine
import NIOCore
import NIOPosix

/// The client under test of the public conformance suite: runs each case at its fuzzing server, one after the other, and goes
/// on whatever happened; the server keeps the score.
struct AutobahnRun: Sendable {
  var url: String
  var agent: String
  var cases: Int
  /// For one case; then its connection is dropped.
  var caseLimit = Duration.seconds(180)
  /// The connection's bounds. The largest message of the suite is 16 MiB.
  var settings = WebSocketSettings(
    role: .client, maximumMessageBytes: 64 << 20, keepalive: nil,
    sendBufferHighBytes: 64 << 20, compression: AutobahnRun.compression)

  /// Everything, however short, and as far back as can be.
  private static let compression: CompressionSettings = {
    var compression = CompressionSettings()
    compression.windowBits = 15
    compression.minimumBytes = 0
    return compression
  }()

  /// - Returns: how many cases had a connection.
  /// - Throws: ``HookupError/Code/invalidArgument`` for a URL that is none.
  func run(progress: ProgressLine) async throws -> Int {
    let connector = WebSocketConnector()
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    var connected = 0
    for number in 1...max(1, cases) {
      progress.show("case \(number) of \(cases)")
      let target = try WebSocketURL(Self.url(url, case: number, agent: agent))
      if await runCase(target, connector, on: loop) { connected += 1 }
    }
    progress.clear()
    return connected
  }

  private func runCase(
    _ target: WebSocketURL, _ connector: WebSocketConnector, on loop: any EventLoop
  ) async -> Bool {
    let peer = AutobahnPeer(on: loop)
    do {
      let connected = try await connector.connect(
        to: target, settings: settings, on: loop, delegate: peer
      ).get()
      let limit = loop.scheduleTask(in: TimeAmount(caseLimit)) { connected.connection.abort() }
      try await peer.end.get()
      limit.cancel()
      return true
    } catch {
      peer.failed()
      Streams.complain("\(target): \(describe(error))")
      return false
    }
  }

  /// The address of one case; of the agent's name what is not unreserved in a URL (RFC 3986 §2.3) is percent-encoded.
  static func url(_ base: String, case number: Int, agent: String) -> String {
    let unreserved = Set(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    let digits = Array("0123456789ABCDEF")
    let name = agent.utf8.map { byte in
      unreserved.contains(byte)
        ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }.joined()
    let trimmed = base.hasSuffix("/") ? String(base.dropLast()) : base
    return "\(trimmed)/runCase?case=\(number)&agent=\(name)"
  }
}

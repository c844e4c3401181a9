import Foundation
import Testing

/// Connections that say nothing, held by a real server.
extension EndToEnd {
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct IdleConnectionTests {
    /// What `hookup-bench idle --json` prints, as far as it is needed.
    private struct Report: Decodable {
      struct Server: Decodable {
        var rssKibPerConnection: Double
        var idleCpuSeconds: Double
      }
      var connections: Int
      var stillOpen: Int
      var server: Server
    }

    /// What one idle connection may take in a build for debugging, KiB. One for release takes less.
    static let mostKiB = 6.0

    @Test func `10,000 idle connections are held, 2,000 in the short mode`() throws {
      let wanted = Effort.isLong ? 10_000 : 2_000
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      // Server and clients have a process each, which raises its own limit as far as it may.
      let count = min(wanted, Int(clamping: limit.rlim_max) - 100)
      if count < wanted { print("idle: \(count) instead of \(wanted), ulimit -Hn has it so") }
      let server = try Child(
        "hookup-bench", ["serve", "--mode", "echo", "--port", "0"], home: NSTemporaryDirectory())
      defer { server.kill9() }
      let url = try #require(
        try server.waitForLines { !$0.isEmpty }.first?.split(separator: " ").last)
      let idle = try Child(
        "hookup-bench",
        [
          "idle", String(url), "--connections", "\(count)", "--seconds", "2", "--json", "--pid",
          "\(server.pid)",
        ], home: NSTemporaryDirectory())
      let (status, lines, errors) = try idle.waitForEnd(240)
      #expect(status == 0, "\(errors)")
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let report = try decoder.decode(Report.self, from: Data(lines.joined().utf8))
      let size = report.server.rssKibPerConnection
      print(
        "idle: \(report.stillOpen) connections held, \(Int(size * 1_024)) bytes each, "
          + "\(report.server.idleCpuSeconds) s of CPU while held")
      #expect(report.connections == count)
      #expect(report.stillOpen == count)
      #expect(size <= Self.mostKiB)
    }
  }
}

import HookupCore
import HookupEngine

/// What idle connections cost.
struct IdleReport: Sendable {
  var url: String
  var pid: Int?
  /// Open after the last handshake and the settling.
  var opened = 0
  /// Still open after they were held.
  var held = 0
  var dialSeconds = 0.0
  /// The server without a connection, with all of them, and after holding them.
  var before: ProcMemory?
  var after: ProcMemory?
  var afterHolding: ProcMemory?
  /// The server's, while nobody said anything.
  var holdingCPUSeconds: Double?
  var errors = ErrorCounts()

  init(_ plan: LoadPlan) {
    url = String(describing: plan.url)
    pid = plan.pid
  }

  var connectionsPerSecond: Double { dialSeconds > 0 ? Double(opened) / dialSeconds : 0 }

  /// KiB of resident memory that each connection added, after they were held; nil without a process.
  var residentKiBPerConnection: Double? { perConnection { $0.residentKiB } }
  /// The same of proportional memory.
  var proportionalKiBPerConnection: Double? { perConnection { $0.proportionalKiB } }

  private func perConnection(_ size: (ProcMemory) -> Int?) -> Double? {
    guard opened > 0, let before = before.flatMap(size),
      let after = (afterHolding ?? after).flatMap(size)
    else { return nil }
    return Double(after - before) / Double(opened)
  }

  var report: Report {
    var report = Report()
    report.add("benchmark", .text("idle"))
    report.add("url", .text(url))
    report.add("connections", .count(opened))
    report.add("still_open", .count(held))
    report.add("connections_per_second", .number(connectionsPerSecond, digits: 0))
    report.add(errors)
    var server: [Report.Field] = []
    if let pid { server.append(.init("pid", .count(pid))) }
    if let size = residentKiBPerConnection {
      server.append(.init("rss_kib_per_connection", .number(size, digits: 2)))
    }
    if let size = proportionalKiBPerConnection {
      server.append(.init("pss_kib_per_connection", .number(size, digits: 2)))
    }
    if let memory = afterHolding { server.append(.init("rss_kib", .count(memory.residentKiB))) }
    if let holdingCPUSeconds {
      server.append(.init("idle_cpu_seconds", .number(holdingCPUSeconds, digits: 2)))
    }
    if !server.isEmpty { report.add("server", .group(server)) }
    return report
  }
}

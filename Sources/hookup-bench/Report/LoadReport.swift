import HookupCore
import HookupEngine

/// What a server used while it was measured.
struct ServerUsage: Sendable {
  var pid: Int
  /// User and system time of all its threads; nil when the process could not be read.
  var cpuSeconds: Double?
  var memory: ProcMemory?
}

/// What a load found out.
struct LoadReport: Sendable {
  var benchmark: String
  var url: String
  var connections: Int
  /// 0 where there is no such thing.
  var outstanding: Int
  /// Of a message's payload; 0 where messages are of many sizes or none.
  var bytes: Int
  /// What was measured, seconds.
  var seconds: Double
  var messages: Int
  /// Nil when nothing was timed.
  var latency: LatencySummary?
  var errors: ErrorCounts
  var server: ServerUsage?
  /// CPU-seconds of the load side in the measured time: as much as it lasted means that the load, not the server, was the
  /// limit.
  var clientCPUSeconds: Double?

  init(_ plan: LoadPlan, tally: Tally) {
    benchmark = plan.benchmark
    url = String(describing: plan.url)
    connections = plan.connections
    outstanding = plan.outstanding
    bytes = plan.bytes
    seconds = Double(tally.measured) / 1e9
    messages = tally.messages
    latency = LatencySummary(tally.latency)
    errors = tally.errors
    if messages == 0 {
      errors.count(.silent, "nothing came back while it was measured")
    }
  }

  var messagesPerSecond: Double { seconds > 0 ? Double(messages) / seconds : 0 }

  /// Nil without a process, or when it used less than a clock tick.
  var messagesPerCPUSecond: Double? {
    guard let cpu = server?.cpuSeconds, cpu > 0 else { return nil }
    return Double(messages) / cpu
  }
}

extension LoadReport {
  /// The same as an ordered list that can be shown.
  var report: Report {
    var report = Report()
    report.add("benchmark", .text(benchmark))
    report.add("url", .text(url))
    report.add("connections", .count(connections))
    if outstanding > 0 { report.add("outstanding", .count(outstanding)) }
    if bytes > 0 { report.add("bytes", .count(bytes)) }
    report.add("seconds", .number(seconds, digits: 3))
    report.add("messages", .count(messages))
    report.add("messages_per_second", .number(messagesPerSecond, digits: 0))
    if let latency { report.add(latency, named: "latency_microseconds") }
    report.add(errors)
    report.add(server, messagesPerCPUSecond: messagesPerCPUSecond)
    if let clientCPUSeconds {
      report.add("client", .group([.init("cpu_seconds", .number(clientCPUSeconds, digits: 2))]))
    }
    return report
  }
}

extension Report {
  mutating func add(_ errors: ErrorCounts) {
    let found = ErrorCounts.Kind.allCases.compactMap { kind in
      errors.counts[kind].map { Report.Field(kind.rawValue, .count($0)) }
    }
    add("errors", .group([.init("total", .count(errors.total))] + found))
  }

  mutating func add(_ server: ServerUsage?, messagesPerCPUSecond: Double?) {
    guard let server else { return }
    var fields = [Report.Field("pid", .count(server.pid))]
    if let seconds = server.cpuSeconds {
      fields.append(.init("cpu_seconds", .number(seconds, digits: 2)))
    }
    if let rate = messagesPerCPUSecond {
      fields.append(.init("messages_per_cpu_second", .number(rate, digits: 0)))
    }
    if let memory = server.memory {
      fields.append(.init("rss_kib", .count(memory.residentKiB)))
      if let proportional = memory.proportionalKiB {
        fields.append(.init("pss_kib", .count(proportional)))
      }
    }
    add("server", .group(fields))
  }
}

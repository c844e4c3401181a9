import HookupEngine
import Testing

@testable import hookup_bench

@Suite struct ReportTests {
  @Test(
    arguments: [
      (0, 0, "0"), (1.5, 0, "2"), (1.25, 1, "1.3"), (-1.25, 2, "-1.25"), (0.004, 2, "0.00"),
      (-0.001, 2, "0.00"), (1_234.5, 3, "1234.500"), (0.05, 2, "0.05"), (.infinity, 2, "0"),
      (.nan, 0, "0"), (1e30, 1, "0"),
    ] as [(Double, Int, String)])
  func `numbers have the digits that were asked for`(
    _ number: Double, _ digits: Int, _ expected: String
  ) {
    #expect(fixed(number, digits) == expected)
  }

  private var sample: LoadReport {
    var tally = Tally()
    tally.errors.count(.lost, "gone")
    tally.begin(at: 0)
    for _ in 0..<99 { tally.record(nanoseconds: 2_000) }
    tally.record(nanoseconds: 8_000_000)
    tally.end(at: 500_000_000)
    var plan = LoadPlan(benchmark: "echo", url: Self.url)
    plan.connections = 3
    plan.outstanding = 2
    var report = LoadReport(plan, tally: tally)
    report.server = ServerUsage(
      pid: 42, cpuSeconds: 0.25, memory: ProcMemory(parsing: "Rss: 900 kB\nPss: 800 kB\n"))
    report.clientCPUSeconds = 0.125
    return report
  }

  private static let url = (try? WebSocketURL("ws://127.0.0.1:9/"))!

  @Test func `JSON holds every figure`() throws {
    let json = try JSONText(sample.report.json()).parse()
    #expect(json["benchmark"] == "echo")
    #expect(json["url"] == "ws://127.0.0.1:9/")
    #expect(json["connections"] == 3)
    #expect(json["messages"] == 100)
    #expect(json["messages_per_second"] == 200)
    #expect(json["errors"]?["total"] == 1)
    #expect(json["errors"]?["lost"] == 1)
    #expect(json["server"]?["messages_per_cpu_second"] == 400)
    #expect(json["server"]?["pss_kib"] == 800)
    let latency = try #require(json["latency_microseconds"])
    #expect(try #require(latency["p50"]?.doubleValue) == 2.0)
    #expect(try #require(latency["p99.9"]?.doubleValue) > 7_900)
  }

  @Test func `the table has a line for each`() {
    let lines = sample.report.table().split(separator: "\n").map(String.init)
    #expect(lines.first == "benchmark             echo")
    #expect(lines.contains("messages per second   200"))
    #expect(lines.contains("errors                total 1, lost 1"))
    #expect(
      lines.contains(
        "server                pid 42, cpu seconds 0.25, messages per cpu second 400, rss kib 900, pss kib 800"
      ))
  }

  @Test func `a run in which nothing came back is an error`() {
    var tally = Tally()
    tally.begin(at: 0)
    tally.end(at: 10)
    let report = LoadReport(LoadPlan(benchmark: "echo", url: Self.url), tally: tally)
    #expect(report.errors.counts == [.silent: 1])
    #expect(report.latency == nil)
    #expect(report.messagesPerCPUSecond == nil)
  }

  @Test func `an idle connection costs what was added, divided`() {
    var plan = LoadPlan(benchmark: "idle", url: Self.url)
    plan.pid = 7
    var report = IdleReport(plan)
    report.opened = 200
    report.before = ProcMemory(parsing: "Rss: 1000 kB\nPss: 500 kB\n")
    report.after = ProcMemory(parsing: "Rss: 9000 kB\nPss: 9000 kB\n")
    #expect(report.residentKiBPerConnection == 40)
    report.afterHolding = ProcMemory(parsing: "Rss: 1600 kB\nPss: 900 kB\n")
    #expect(report.residentKiBPerConnection == 3)
    #expect(report.proportionalKiBPerConnection == 2)
    #expect(report.report.json().contains(#""pss_kib_per_connection":2.00"#))
  }
}

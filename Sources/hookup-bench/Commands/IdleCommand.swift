import ArgumentParser
import HookupCore
import HookupEngine

/// Connections that say nothing.
struct IdleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "idle",
    abstract: "Holds idle connections and measures what each costs the server.",
    discussion: """
      Opens them as fast as the server takes them, \(LoadPlan.dialsAtOnce) at a time, and holds them. With --pid it \
      prints the memory that each one added. One address has some 28,000 ports to connect from.
      """)

  @OptionGroup var target: TargetOptions

  @Option(help: "Connections.")
  var connections = 2_000

  @Option(help: "How long they are held, seconds.")
  var seconds = 2.0

  func validate() throws {
    try require(1...1_000_000, connections, "connections")
    guard (0...86_400).contains(seconds) else {
      throw ValidationError("--seconds is \(seconds): it must be 0 to 86400.")
    }
  }

  func run() async throws {
    var plan = try target.plan("idle")
    plan.connections = connections
    plan.measured = .seconds(seconds)
    plan.dialLimit = .seconds(60)
    let watchdog = Watchdog(limit: plan.measured + plan.dialLimit + .seconds(60))
    defer { watchdog.cancel() }
    do {
      let report = try await IdleRun(plan: plan, progress: ProgressLine()).run()
      target.show(report.report, errors: report.errors)
      guard report.errors.total == 0 else { throw ExitCode(1) }
    } catch let error as HookupError {
      Streams.complain(error.message)
      throw ExitCode(1)
    }
  }
}

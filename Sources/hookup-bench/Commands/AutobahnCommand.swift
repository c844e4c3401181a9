import ArgumentParser
import HookupCore
import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The client side of the conformance suite.
struct AutobahnCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "autobahn",
    abstract: "Is the client under test of the Autobahn conformance suite.",
    discussion: """
      Connects to URL/runCase?case=N&agent=AGENT for each N from 1 and sends each message back. What is not given \
      is taken from AUTOBAHN_URL, AUTOBAHN_AGENT and AUTOBAHN_CASE_COUNT.
      """)

  @Option(help: ArgumentHelp("The fuzzing server, ws://HOST:PORT.", valueName: "url"))
  var url: String?

  @Option(help: "The name in the report. (default: hookup)")
  var agent: String?

  @Option(help: "How many cases.")
  var cases: Int?

  func run() async throws {
    guard let url = url ?? Self.environment("AUTOBAHN_URL") else {
      throw ValidationError("Give --url, or set AUTOBAHN_URL.")
    }
    guard let cases = cases ?? Self.environment("AUTOBAHN_CASE_COUNT").flatMap(Int.init) else {
      throw ValidationError("Give --cases, or set AUTOBAHN_CASE_COUNT.")
    }
    try require(1...100_000, cases, "cases")
    let run = AutobahnRun(
      url: url, agent: agent ?? Self.environment("AUTOBAHN_AGENT") ?? "hookup", cases: cases)
    do {
      let connected = try await run.run(progress: ProgressLine())
      Streams.line("\(connected) of \(cases) cases had a connection")
      guard connected == cases else { throw ExitCode(1) }
    } catch let error as HookupError {
      Streams.complain(error.message)
      throw ExitCode(1)
    }
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}

import ArgumentParser

/// Connecting and closing.
struct ConnectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connect",
    abstract: "Measures connecting: opens and closes connections all the time.",
    discussion: """
      Each of --connections connects, shakes hands, closes with a closing handshake and begins again. A message here is a \
      finished opening handshake; its latency counts from the dial.
      """)

  @OptionGroup var target: TargetOptions

  @Option(help: "Connections at a time.")
  var connections = 16

  @Option(help: "How long it is measured.")
  var seconds = 5.0

  func validate() throws {
    try require(1...100_000, connections, "connections")
    guard (0.05...86_400).contains(seconds) else {
      throw ValidationError("--seconds is \(seconds): it must be 0.05 to 86400.")
    }
  }

  func run() async throws {
    var plan = try target.plan("connect")
    plan.connections = connections
    plan.measured = .seconds(seconds)
    plan.bytes = 0
    plan.outstanding = 0
    let redial = Redial(plan) { shard, redial in ConnectPeer(shard: shard, redial: redial) }
    try await plan.carryOut(target) { redial.makePeer($0) }
  }
}

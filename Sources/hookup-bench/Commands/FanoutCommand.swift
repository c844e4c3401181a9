import ArgumentParser

/// Messages that the server passes on to everybody else.
struct FanoutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fanout",
    abstract: "Measures a server that passes each message on to all other connections.",
    discussion: """
      One connection more than --connections sends; it keeps --outstanding messages under way and sends the next one when \
      a message has reached all others. A message counts once for each connection that it reached.
      """)

  @OptionGroup var target: TargetOptions
  @OptionGroup var load: LoadOptions

  func run() async throws {
    var plan = try target.plan("fanout")
    load.apply(to: &plan)
    plan.connections += 1
    let fanout = Fanout(outstanding: load.outstanding, bytes: load.bytes)
    try await plan.carryOut(target) { fanout.makePeer($0) }
  }
}

import ArgumentParser

/// Messages that the server sends back.
struct EchoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo",
    abstract: "Measures a server that sends each message back.",
    discussion: "A message counts when it came back and was the one that was sent.")

  @OptionGroup var target: TargetOptions
  @OptionGroup var load: LoadOptions

  @Flag(help: "Sends binary messages instead of text.")
  var binary = false

  func run() async throws {
    var plan = try target.plan("echo")
    load.apply(to: &plan)
    let (outstanding, bytes, isBinary) = (load.outstanding, load.bytes, binary)
    try await plan.carryOut(target) { shard in
      EchoPeer(shard: shard, outstanding: outstanding, bytes: bytes, isBinary: isBinary)
    }
  }
}

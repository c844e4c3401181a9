import ArgumentParser
import HookupCore
import HookupEngine

/// Messages that the server acks.
struct AckedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "acked",
    abstract: "Measures a server that acks each ack_request of jsonProtocol.",
    discussion: "A message counts when its ack came. --bytes is the text inside the envelope.")

  @OptionGroup var target: TargetOptions
  @OptionGroup var load: LoadOptions

  func run() async throws {
    var plan = try target.plan("acked")
    load.apply(to: &plan)
    plan.subprotocols = [Subprotocol.jsonProtocol]
    let (outstanding, bytes) = (load.outstanding, load.bytes)
    try await plan.carryOut(target) { shard in
      AckedPeer(shard: shard, outstanding: outstanding, bytes: bytes)
    }
  }
}

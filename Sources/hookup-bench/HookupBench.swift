import ArgumentParser

/// Measures WebSocket servers, and serves to be measured.
@main
struct HookupBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hookup-bench", abstract: "Measures WebSocket servers.")
}

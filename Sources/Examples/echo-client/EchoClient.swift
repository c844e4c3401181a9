import HookupEngine

/// Sends each line of standard input, waits for its ack, and prints what comes back: `echo-client [URL]`.
///
/// Kill the server between two lines, start it again: the lines typed meanwhile are kept and sent.
@main
enum EchoClient {
  static func main() async throws {
    let url = CommandLine.arguments.dropFirst().first ?? "ws://127.0.0.1:8128/"
    var configuration = ClientConfiguration()
    configuration.buffer = .file(directory: "echo-client.outbox")
    try await withHookupClient(url, configuration: configuration) { client in
      async let printing: Void = {
        for await event in client.events {
          if case .text(let text) = event { print("echo: \(text)") }
        }
      }()
      while let line = readLine() {
        try await client.send(.text(line).needsAck(within: .seconds(5)))
      }
      // The input has ended: leave when everything is acked.
      try await client.drained()
      client.close()
      await printing
    }
  }
}

import HookupEngine

/// Subscribes to a topic, publishes each line of standard input on it and prints what others publish:
/// `pubsub-client TOPIC [URL]`.
@main
enum PubSubClient {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard let topic = arguments.first else { return print("usage: pubsub-client TOPIC [URL]") }
    let url = arguments.dropFirst().first ?? "ws://127.0.0.1:8129/"
    try await withHookupClient(url) { client in
      async let publishing: Void = {
        while let line = readLine() {
          let message = try JSONText(.object(["publish": .string(topic), "data": .string(line)]))
          try await client.send(.json(message).needsAck())
        }
        client.close()
      }()
      for await event in client.events {
        switch event {
        case .connected:
          // A subscription belongs to a connection, so it is made again on each.
          try await client.sendNow(.json(JSONText(.object(["subscribe": .string(topic)]))))
        case .json(let json): print(json.text)
        case .disconnected(let reason): print("(\(reason); what you publish is kept)")
        default: break
        }
      }
      try await publishing
    }
  }
}

import HookupEngine

/// A server and a client in one process that print every event of both sides while they exchange one message of each kind.
@main
enum PrintAllEvents {
  static func main() async throws {
    let (addresses, started) = AsyncStream<ServerAddress>.makeStream()
    var configuration = ServerConfiguration(port: 0)
    configuration.onStart = { address in started.yield(address) }
    let server = HookupServer(configuration: configuration) { connection in
      for await event in connection.events {
        print("server: \(event)")
        // Answers the text with a question of its own, so that the server too sees an ack.
        if case .text(let text) = event {
          try await connection.send(.text("you said \(text)").needsAck())
        }
      }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      for await address in addresses {
        try await talk(to: address.url)
        break
      }
      server.shutDown()
      try await group.waitForAll()
    }
  }

  static func talk(to url: String) async throws {
    try await withHookupClient(url) { client in
      try await client.send("hello")
      try await client.send(.json(JSONText(#"{"answer":42}"#)).needsAck())
      var acks = 0
      for await event in client.events {
        print("client: \(event)")
        if case .acknowledged = event { acks += 1 }
        if case .text = event, acks == 1 { return }
      }
    }
  }
}

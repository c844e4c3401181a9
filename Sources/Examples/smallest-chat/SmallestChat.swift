import HookupEngine

/// The smallest chat: `smallest-chat serve` hosts it, `smallest-chat NICK` takes part.
@main
enum SmallestChat {
  static func main() async throws {
    let name = CommandLine.arguments.dropFirst().first ?? "guest"
    if name == "serve" {
      let server = ChatServer(configuration: ChatServerConfiguration(port: 8130), store: MemoryChatStore())
      return try await server.run()
    }
    let lobby = try RoomName("lobby")
    let client = try ChatClient("ws://127.0.0.1:8130/", configuration: .init(nick: Nick(name)))
    client.join(lobby)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await client.run() }
      group.addTask {
        for await update in client.updates {
          if case .entry(let entry) = update { print("<\(entry.from)> \(entry.text)") }
        }
      }
      while let line = readLine() { try await client.say(line, in: lobby) }
      client.close()
      try await group.waitForAll()
    }
  }
}

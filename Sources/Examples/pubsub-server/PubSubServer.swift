import HookupEngine

/// Topics that clients subscribe to and publish on: `pubsub-server [PORT]`.
///
/// `{"subscribe":"weather"}` joins a topic; `{"publish":"weather","data":…}` goes to everybody else who joined it.
@main
enum PubSubServer {
  /// What the server keeps for each connection.
  enum Topics: ConnectionStateKey { typealias Value = Set<String> }

  static func main() async throws {
    var configuration = ServerConfiguration(port: Int(CommandLine.arguments.dropFirst().first ?? "") ?? 8129)
    configuration.onStart = { address in print("listening on \(address.url)") }
    let hub = Hub()
    let server = HookupServer(configuration: configuration) { connection in
      for await event in connection.events {
        guard case .json(let json) = event else { continue }
        let request = json.parse()
        if let topic = request["subscribe"]?.stringValue {
          connection.update(Topics.self) { $0 = ($0 ?? []).union([topic]) }
        } else if let topic = request["publish"]?.stringValue {
          try await hub.server?.broadcast(.json(json)) { receiver in
            receiver != connection && receiver[Topics.self]?.contains(topic) == true
          }
        }
      }
    }
    await hub.set(server)
    try await server.run()
  }

  /// The handler needs the server, and the server the handler.
  actor Hub {
    private(set) var server: HookupServer?
    func set(_ server: HookupServer) { self.server = server }
  }
}

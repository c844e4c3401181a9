import HookupEngine

/// Sends back whatever comes, to any WebSocket client: `echo-server [PORT]`.
@main
enum EchoServer {
  static func main() async throws {
    var configuration = ServerConfiguration(port: Int(CommandLine.arguments.dropFirst().first ?? "") ?? 8128)
    configuration.onStart = { address in print("listening on \(address.url)") }
    let server = HookupServer(configuration: configuration) { connection in
      for await event in connection.events {
        switch event {
        case .text(let text): try await connection.send(.text(text))
        case .json(let json): try await connection.send(.json(json))
        case .binary(let bytes): try await connection.send(.binary(bytes))
        default: break
        }
      }
    }
    try await server.run()
  }
}

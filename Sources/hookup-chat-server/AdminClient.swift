import HookupCore
import HookupEngine
import Logging

/// Asks a server that runs, over its admin socket.
struct AdminClient: Sendable {
  let path: String

  /// Longest time that nothing comes.
  private static let patience = Duration.seconds(30)

  /// - Parameter take: one row of the answer, with its columns in order.
  /// - Returns: what was done, a sentence; empty when rows are the answer.
  /// - Throws: ``HookupError`` with what the server said, or why it cannot be asked.
  func ask(
    _ request: AdminRequest, _ take: @escaping @Sendable ([(String, String)]) throws -> Void
  ) async throws -> String {
    var configuration = ClientConfiguration()
    configuration.reconnect = .never
    configuration.buffer = .none
    configuration.proxy = .none
    configuration.connectTimeout = Self.patience
    let question = JSONObject(request.fields.map { JSONObject.Member($0.0, .string($0.1)) })
    let json = try JSONText(.object(question))
    let url = "ws+unix:\(WebSocketURL.encoded(socketPath: path)):/"
    do {
      return try await withHookupClient(url, configuration: configuration, logger: .quiet) {
        client in
        var events = client.events.makeAsyncIterator()
        while let event = await events.next() {
          switch event {
          case .connected: try await client.send(.json(json))
          case .json(let answer):
            if let sentence = try Self.read(answer, take) { return sentence }
          case .disconnected(let reason): throw Self.unreachable(path, reason)
          default: break
          }
        }
        throw Self.unreachable(path, "it has ended")
      }
    } catch let error as HookupError where error.code == .connectFailed {
      throw Self.unreachable(path, error.message)
    }
  }

  private static func unreachable(_ path: String, _ reason: String) -> HookupError {
    HookupError(
      .connectFailed,
      "no server answers at \(path) (\(reason)): is it running, with this 'data', and are you its user?"
    )
  }

  /// - Returns: nil while more comes.
  private static func read(
    _ answer: JSONText, _ take: ([(String, String)]) throws -> Void
  ) throws -> String? {
    let members = answer.parse().objectValue
    if let row = members?["row"]?.objectValue {
      try take(row.members.map { ($0.key, $0.value.stringValue ?? "") })
      return nil
    }
    if let error = members?["error"]?.stringValue { throw HookupError(.refused, error) }
    guard let done = members?["done"]?.stringValue else {
      throw HookupError(.protocolViolation, "the server's answer makes no sense: \(answer.text)")
    }
    return done
  }
}

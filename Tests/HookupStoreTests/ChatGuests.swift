import HookupCore
import HookupEngine
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Runs a chat server on a store while `body` runs, with the address to connect to.
func withServer(
  on store: any ChatStore, _ body: @Sendable (ChatServer, String) async throws -> Void
) async throws {
  var configuration = ChatServerConfiguration(port: 0)
  let (addresses, started) = AsyncStream.makeStream(of: String.self)
  configuration.server.onStart = { started.yield($0.url) }
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let server = ChatServer(configuration: configuration, store: store, logger: logger)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    do {
      var iterator = addresses.makeAsyncIterator()
      try await body(server, await iterator.next() ?? "")
      server.shutDown()
      try await group.waitForAll()
    } catch {
      group.cancelAll()
      throw error
    }
  }
}

/// Somebody at a chat server who is reconnected for as long as they are asked anything.
func withClient(
  at url: String, as nick: String, _ body: @Sendable (ChatClient) async throws -> Void
) async throws {
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let client = try ChatClient(
    url, configuration: ChatClient.Configuration(nick: try Nick(nick)), logger: logger)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await client.run() }
    do {
      try await body(client)
      client.close()
      try await group.waitForAll()
    } catch {
      group.cancelAll()
      throw error
    }
  }
}

/// Waits until something holds that nothing tells of.
func until(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(20)) }
}

/// One connection to a chat server, which is not made again when it ends.
final class BarePeer: WebSocketDelegate {
  private enum Heard: Sendable {
    case event(ChatEvent)
    case closed(UInt16)
  }

  private let heard: AsyncStream<Heard>
  private let hear: AsyncStream<Heard>.Continuation
  private let connection = Mutex<(any WebSocketConnection)?>(nil)

  private init() { (heard, hear) = AsyncStream.makeStream(of: Heard.self) }

  static func welcome(_ url: String, _ nick: String) async throws -> BarePeer {
    let peer = BarePeer()
    let connected = try await WebSocketConnector().connect(
      to: WebSocketURL(url),
      settings: WebSocketSettings(role: .client, maximumMessageBytes: 1 << 20),
      on: MultiThreadedEventLoopGroup.singleton.next(), delegate: peer
    ).get()
    peer.connection.withLock { $0 = connected.connection }
    try peer.send(.hello(nick: try Nick(nick), client: nil))
    guard try await peer.event({ if case .welcome = $0 { true } else { false } }) else {
      throw HookupError(.refused, "no welcome for \(nick)")
    }
    return peer
  }

  func send(_ command: ChatCommand) throws {
    connection.withLock {
      $0?.send(.text(ByteBuffer(string: command.json.text)), written: nil)
    }
  }

  /// Whether such an event comes before the end.
  func event(_ isIt: (ChatEvent) -> Bool) async throws -> Bool {
    for await heard in heard {
      if case .event(let event) = heard, isIt(event) { return true }
      if case .closed = heard { break }
    }
    return false
  }

  /// Waits for the end.
  func closeCode() async throws -> UInt16? {
    for await heard in heard {
      if case .closed(let code) = heard { return code }
    }
    return nil
  }

  func close() { connection.withLock { $0?.abort() } }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    for case .text(let buffer) in frames {
      guard let json = try? JSONText(String(buffer: buffer)), let event = try? ChatEvent.parse(json)
      else { continue }
      hear.yield(.event(event))
    }
  }

  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {
    hear.yield(.closed(reason.code))
    hear.finish()
  }

  func webSocket(_ connection: any WebSocketConnection, becameWritable isWritable: Bool) {}
  func webSocket(_ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration) {}
  func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool) {}
}

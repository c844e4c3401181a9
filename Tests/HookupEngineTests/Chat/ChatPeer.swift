import HookupCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import HookupEngine

/// One person at a chat server, over a real socket; what the server says comes out in order.
final class ChatPeer: Sendable {
  enum Heard: Hashable, Sendable {
    case event(ChatEvent)
    case ack(UInt64)
    case closed(UInt16)
  }

  private let socket: TestWebSocket
  let connection: any WebSocketConnection
  private let format: any WireFormat
  private let lastID = Mutex<UInt64>(0)

  private init(
    socket: TestWebSocket, connection: any WebSocketConnection, format: any WireFormat
  ) {
    self.socket = socket
    self.connection = connection
    self.format = format
  }

  static func connect(
    _ address: ServerAddress, format: any WireFormat = JSONProtocolFormat()
  ) async throws -> ChatPeer {
    let (socket, connection, _) = try await TestWebSocket.connect(
      address, subprotocols: [format.subprotocol])
    return ChatPeer(socket: socket, connection: connection, format: format)
  }

  /// Connects and goes through the welcome.
  static func welcome(
    _ address: ServerAddress, _ nick: String, client: ClientID? = nil,
    format: any WireFormat = JSONProtocolFormat()
  ) async throws -> ChatPeer {
    let peer = try await connect(address, format: format)
    try peer.send(.hello(nick: try Nick(nick), client: client))
    guard case .welcome = try await peer.nextEvent() else {
      throw HookupError(.refused, "no welcome for \(nick)")
    }
    return peer
  }

  func send(_ command: ChatCommand) throws {
    connection.send(try format.encode(.message(.json(command.json))), written: nil)
  }

  /// Sends a command that wants an ack; returns the ack's id.
  @discardableResult
  func request(_ command: ChatCommand) throws -> UInt64 {
    let id = lastID.withLock { last in
      last += 1
      return last
    }
    connection.send(
      try format.encode(.ackRequest(id: id, .json(command.json))), written: nil)
    return id
  }

  func send(text: String) { connection.send(text: text) }

  func next() async throws -> Heard {
    switch try await socket.heard.next() {
    case .closed(let code, _): return .closed(code)
    case .binary: throw HookupError(.protocolViolation, "a binary message")
    case .text(let text):
      switch format.decode(.text(ByteBuffer(string: text))) {
      case .ack(let id): return .ack(id)
      case .message(.json(let json)):
        guard let event = try ChatEvent.parse(json) else {
          throw HookupError(.protocolViolation, "an unknown event: \(text)")
        }
        return .event(event)
      default: throw HookupError(.protocolViolation, "not the chat protocol: \(text)")
      }
    }
  }

  /// The next event; acks are passed over.
  func nextEvent() async throws -> ChatEvent {
    while true {
      switch try await next() {
      case .event(let event): return event
      case .ack: continue
      case .closed(let code): throw HookupError(.closed, "closed with \(code)")
      }
    }
  }

  /// The next entry of a log; everything else is passed over.
  func nextEntry() async throws -> RoomEntry {
    while true {
      if case .entry(let entry) = try await nextEvent() { return entry }
    }
  }

  func join(_ room: String, since: UInt64? = nil) async throws -> ChatJoined {
    try send(.join(try RoomName(room), since: since))
    while true {
      if case .joined(let joined) = try await nextEvent() { return joined }
    }
  }

  func say(_ text: String, id: String, in room: String = "ops") throws {
    try send(.say(try RoomName(room), id: try MessageID(id), text: text))
  }
}

/// Runs a chat server on a free loopback port while `body` runs; its `run()` must return without an error.
func withChatServer(
  store: any ChatStore = MemoryChatStore(id: "test-store"),
  configure: (inout ChatServerConfiguration) -> Void = { _ in },
  body: @Sendable (ChatServer, ServerAddress) async throws -> Void
) async throws {
  let started = Mailbox<ServerAddress>()
  var configuration = ChatServerConfiguration(port: 0)
  configuration.clock = { ChatPeer.time }
  configuration.server.onStart = { started.put($0) }
  configure(&configuration)
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let server = ChatServer(configuration: configuration, store: store, logger: logger)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    do {
      try await body(server, try await started.next())
      server.shutDown()
      try await group.waitForAll()
    } catch {
      group.cancelAll()
      throw error
    }
  }
}

extension ChatPeer {
  static let time: Int64 = 1_779_004_989_042
}

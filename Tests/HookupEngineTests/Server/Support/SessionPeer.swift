import HookupCore
import NIOCore

@testable import HookupEngine

/// A client of `hookup.resume.v1` that speaks its frames by hand.
final class SessionPeer: Sendable {
  enum Heard: Hashable, Sendable {
    case frame(ResumeFrame)
    case closed(UInt16)
  }

  static let client = SessionID(high: 0xA, low: 0xB)

  private let socket: TestWebSocket
  let connection: any WebSocketConnection

  private init(_ socket: TestWebSocket, _ connection: any WebSocketConnection) {
    self.socket = socket
    self.connection = connection
  }

  static func connect(_ address: ServerAddress) async throws -> SessionPeer {
    let (socket, connection, subprotocol) = try await TestWebSocket.connect(
      address, subprotocols: [Subprotocol.resume, Subprotocol.jsonProtocol])
    guard subprotocol == Subprotocol.resume else {
      throw HookupError(.refused, "the server selected \(subprotocol ?? "nothing")")
    }
    return SessionPeer(socket, connection)
  }

  /// Connects and resumes.
  static func resume(
    _ address: ServerAddress, connection number: UInt64 = 1, incarnation: UInt64 = 1,
    epoch: UInt64 = 7, low: UInt64 = 1, high: UInt64 = 0, acked: UInt64 = 0,
    client: SessionID = SessionPeer.client
  ) async throws -> (peer: SessionPeer, welcome: SessionHello) {
    let peer = try await connect(address)
    try peer.send(
      hello(
        connection: number, incarnation: incarnation, epoch: epoch, low: low, high: high,
        acked: acked, client: client))
    guard case .frame(.welcome(let welcome)) = try await peer.next() else {
      throw HookupError(.refused, "no welcome")
    }
    return (peer, welcome)
  }

  static func hello(
    connection: UInt64 = 1, incarnation: UInt64 = 1, epoch: UInt64 = 7, low: UInt64 = 1,
    high: UInt64 = 0, acked: UInt64 = 0, client: SessionID = SessionPeer.client
  ) -> ResumeFrame {
    .hello(
      SessionHello(
        client: client, incarnation: incarnation, connection: connection,
        sending: .init(epoch: epoch, low: low, high: max(high, low - 1), acked: acked),
        receiving: .init(epoch: 0, committed: nil, tag: 0), credit: 100,
        maximumMessageBytes: 1 << 20))
  }

  func send(_ frame: ResumeFrame) throws {
    connection.send(try ResumeFormat.encode(frame), written: nil)
  }

  func send(text: String) { connection.send(text: text) }

  /// Sends numbered text messages; the tag of each is its number.
  func say(_ numbers: ClosedRange<UInt64>) throws {
    for number in numbers { try say(number, .text("m\(number)")) }
  }

  func say(_ number: UInt64, _ content: Message.Content) throws {
    try send(.numbered(.init(sequence: number, tag: number, content: content)))
  }

  func next() async throws -> Heard {
    switch try await socket.heard.next() {
    case .closed(let code, _): return .closed(code)
    case .binary: throw HookupError(.protocolViolation, "a binary frame")
    case .text(let text):
      do throws(ResumeFault) {
        return .frame(try ResumeFormat.decode(.text(ByteBuffer(string: text))))
      } catch {
        throw HookupError(.protocolViolation, error.sentence)
      }
    }
  }

  /// Waits for an ack of everything up to `sequence`; acks of less and plain messages are passed over.
  func acked(through sequence: UInt64) async throws -> Bool {
    while true {
      switch try await next() {
      case .frame(.ack(sequence, _)): return true
      case .frame(.ack(let less, _)) where less < sequence: continue
      case .frame(.plain): continue
      default: return false
      }
    }
  }

  /// The code that the connection is closed with; everything before is passed over.
  func closed() async throws -> UInt16 {
    while true {
      if case .closed(let code) = try await next() { return code }
    }
  }
}

/// A session store that fails when told to, over a memory that survives servers.
actor BreakableSessionStore: SessionStore {
  private let inner = MemorySessionStore()
  private var isBroken = false

  func setBroken(_ isBroken: Bool) { self.isBroken = isBroken }

  func memory(of client: SessionID, epoch: UInt64) async throws(HookupError) -> SessionMemory {
    await inner.memory(of: client, epoch: epoch)
  }

  func commit(_ cursors: [SessionCursor]) async throws(HookupError) {
    if isBroken { throw HookupError(.storage, "broken on purpose") }
    await inner.commit(cursors)
  }
}

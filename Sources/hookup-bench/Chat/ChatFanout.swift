import HookupCore
import HookupEngine
import HookupSQLite
import NIOCore
import NIOPosix
import Synchronization

/// How long one message takes to the last of many readers: of a room whose log is on disk, and of the plain broadcast of as many bytes.
/// Servers and readers are in this process.
struct ChatFanout: Sendable {
  let directory: String
  let readers: Int
  let rounds: Int

  /// Of a message to a room with a reader who reads nothing: so many of them are more than sockets hold.
  private static let largeBytes = 8_000

  /// Medians, milliseconds from the sending to the last reader's reading.
  struct Outcome: Sendable {
    var plain = 0.0
    var chat = 0.0
    var largeChat = 0.0
    /// The same while one more reader has stopped reading.
    var stalled = 0.0
  }

  func run(bytes: Int) async throws -> Outcome {
    ThisProcess.raiseDescriptorLimit()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      var outcome = Outcome()
      // Twice in turn, and the better one of each: the machine is noisy.
      (outcome.plain, outcome.chat) = (.infinity, .infinity)
      (outcome.largeChat, outcome.stalled) = (.infinity, .infinity)
      for turn in 0..<2 {
        outcome.plain = min(outcome.plain, try await plain(bytes, on: group.next()))
        outcome.chat = min(outcome.chat, try await chat("\(turn)", bytes, on: group.next()))
        outcome.largeChat = min(
          outcome.largeChat, try await chat("large\(turn)", Self.largeBytes, on: group.next()))
        outcome.stalled = min(
          outcome.stalled,
          try await chat("stalled\(turn)", Self.largeBytes, stalls: true, on: group.next()))
      }
      try await group.shutdownGracefully()
      return outcome
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  private func plain(_ bytes: Int, on loop: any EventLoop) async throws -> Double {
    var configuration = ServerConfiguration(port: 0)
    let (addresses, started) = AsyncStream.makeStream(of: ServerAddress.self)
    configuration.onStart = { started.yield($0) }
    let server = HookupServer(
      configuration: configuration, logger: .quietBench, frames: BroadcastFrames())
    let running = Task { try await server.run() }
    defer { running.cancel() }
    let crowd = try await crowd(at: addresses, on: loop)
    let median = try await measure(crowd, bytes) { _, text in text }
    server.shutDown()
    try await running.value
    return median
  }

  private func chat(
    _ name: String, _ bytes: Int, stalls: Bool = false, on loop: any EventLoop
  ) async throws -> Double {
    let store = try SQLiteChatStore(directory: "\(directory)/fanout-\(name)")
    var configuration = ChatServerConfiguration(port: 0)
    configuration.commandsPerPerson = (perSecond: 0, burst: 1)
    configuration.commandsPerAddress = (perSecond: 0, burst: 1)
    configuration.presenceMembers = 0
    let (addresses, started) = AsyncStream.makeStream(of: ServerAddress.self)
    configuration.server.onStart = { started.yield($0) }
    let server = ChatServer(configuration: configuration, store: store, logger: .quietBench)
    let running = Task { try await server.run() }
    defer { running.cancel() }
    let crowd = try await crowd(at: addresses, on: loop)
    let room = try RoomName("fanout")
    for (number, connection) in crowd.connections.enumerated() {
      try Self.enter(room, as: "n\(number)", connection)
    }
    if stalls {
      let connection = try await crowd.connectOutsider()
      try Self.enter(room, as: "stalled", connection)
      connection.setReading(false)
    }
    let median = try await measure(crowd, bytes) { number, text in
      guard let id = try? MessageID("\(number)") else { return "" }
      return ChatCommand.act(room, id: id, .say(text)).json.text
    }
    server.shutDown()
    try await running.value
    try await store.close()
    return median
  }

  private static func enter(
    _ room: RoomName, as nick: String, _ connection: any WebSocketConnection
  ) throws {
    let hello = ChatHello(nick: try Nick(nick), client: nil)
    for command in [ChatCommand.hello(hello), .join(room, since: nil)] {
      connection.send(.text(ByteBuffer(string: command.json.text)), written: nil)
    }
  }

  private func crowd(
    at addresses: AsyncStream<ServerAddress>, on loop: any EventLoop
  ) async throws -> FanoutCrowd {
    var iterator = addresses.makeAsyncIterator()
    guard let address = await iterator.next() else {
      throw HookupError(.bindFailed, "the server did not start")
    }
    return try await FanoutCrowd(
      try WebSocketURL(address.url), readers: readers, on: loop)
  }

  /// One message after the other, each when all have read the one before.
  private func measure(
    _ crowd: FanoutCrowd, _ bytes: Int, _ frame: @Sendable (Int, String) -> String
  ) async throws -> Double {
    var times: [Double] = []
    let warmUp = 10
    for number in 1...(rounds + warmUp) {
      let text = FanoutCrowd.text(number, bytes: bytes)
      let time = try await crowd.send(frame(number, text), number)
      if number > warmUp { times.append(time / .milliseconds(1)) }
    }
    await crowd.close()
    return median(times)
  }
}

/// Connections that read, and one that sends too.
private final class FanoutCrowd: WebSocketDelegate, @unchecked Sendable {
  // Unchecked: `connections` is set before anything is sent; the counting is done on the one event loop.
  private let url: WebSocketURL
  private let loop: any EventLoop
  private let connector = WebSocketConnector()
  private(set) var connections: [any WebSocketConnection] = []
  private var outsider: (any WebSocketConnection)?
  private var awaited = 0
  private var missing = 0
  private var done: EventLoopPromise<MonotonicInstant>?

  /// Opens one connection after the other; the first one sends.
  init(_ url: WebSocketURL, readers: Int, on loop: any EventLoop) async throws {
    self.url = url
    self.loop = loop
    for _ in 0...readers { connections.append(try await connect()) }
  }

  /// One more, that nobody waits for.
  func connectOutsider() async throws -> any WebSocketConnection {
    let connection = try await connect()
    outsider = connection
    return connection
  }

  private func connect() async throws -> any WebSocketConnection {
    let settings = WebSocketSettings(
      role: .client, maximumMessageBytes: Limits.maximumMessageBytes, keepalive: nil,
      closeTimeout: .seconds(2), sendBufferHighBytes: 1 << 20, sendBufferLowBytes: 1 << 18,
      compression: nil)
    return try await connector.connect(to: url, settings: settings, on: loop, delegate: self).get()
      .connection
  }

  /// A text that says which it is, between signs that nothing else holds.
  static func text(_ number: Int, bytes: Int) -> String {
    let start = "~\(number)~"
    return start + String(repeating: "x", count: max(0, bytes - start.utf8.count))
  }

  /// Sends a frame and waits until every reader but the sender has read message `number`.
  func send(_ frame: String, _ number: Int) async throws -> Duration {
    let buffer = ByteBuffer(string: frame)
    let promise = loop.makePromise(of: MonotonicInstant.self)
    let start = MonotonicInstant.now
    loop.execute {
      self.awaited = number
      self.missing = self.connections.count - 1
      self.done = promise
      self.connections[0].send(.text(buffer), written: nil)
    }
    let timeout = loop.scheduleTask(in: .seconds(20)) {
      promise.fail(HookupError(.ackTimeout, "message \(number) did not reach all readers"))
    }
    let end = try await promise.futureResult.get()
    timeout.cancel()
    return start.duration(to: end)
  }

  func close() async {
    for connection in connections { connection.abort() }
    outsider?.abort()
  }

  func webSocket(_ connection: any WebSocketConnection, received frames: [WireFrame]) {
    guard connection !== connections.first, connection !== outsider else { return }
    for frame in frames {
      guard case .text(let buffer) = frame, Self.number(in: buffer) == awaited else { continue }
      missing -= 1
      if missing == 0 { done.take()?.succeed(.now) }
    }
  }

  private static func number(in buffer: ByteBuffer) -> Int? {
    let bytes = buffer.readableBytesView
    guard let start = bytes.firstIndex(of: UInt8(ascii: "~")) else { return nil }
    let digits = bytes[bytes.index(after: start)...].prefix { $0 != UInt8(ascii: "~") }
    return Int(String(decoding: digits, as: UTF8.self))
  }

  func webSocket(_ connection: any WebSocketConnection, becameWritable isWritable: Bool) {}
  func webSocket(
    _ connection: any WebSocketConnection, measuredRoundTrip roundTrip: Duration
  ) {}
  func webSocket(_ connection: any WebSocketConnection, stalled isStalled: Bool) {}
  func webSocket(_ connection: any WebSocketConnection, closed reason: WebSocketCloseReason) {}
}

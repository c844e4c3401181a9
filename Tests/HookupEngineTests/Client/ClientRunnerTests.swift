import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HookupCore
@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ClientRunnerTests {
  /// Nobody is there; for clients that are never run.
  private let nowhere = "ws://127.0.0.1:1/"

  /// A client that tells what `read` sees of it after each round of its event loop.
  private func watched<Value: Sendable>(
    _ url: String, _ configuration: ClientConfiguration,
    _ read: @escaping @Sendable (ClientRunner) -> Value
  ) throws -> (HookupClient, Mailbox<Value>) {
    let (box, seen) = (WatchedRunner(), Mailbox<Value>())
    let client = try HookupClient(url, configuration: configuration, logger: .quiet) {
      if let runner = box.target.withLock({ $0.runner }) { seen.put(read(runner)) }
    }
    box.target.withLock { [runner = client.runner] in $0.runner = runner }
    return (client, seen)
  }

  @Test func `a send that is cancelled while it waits for room is taken back`() async throws {
    var configuration = ClientConfiguration.quick
    configuration.maximumBufferedMessages = 1
    let (client, waiting) = try watched(nowhere, configuration) { $0.desk.submissions.count }
    try await client.send("first")
    let second = Task { try await client.send("second") }
    while try await waiting.next() != 1 {}
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    #expect(try await client.pendingMessages().map(\.message) == ["first"])
    let runner = client.runner
    #expect(try await runner.eventLoop.submit { runner.desk.submissions.isEmpty }.get())
  }

  @Test func `a cancellation just before the message is handed over is not missed`() async throws {
    var configuration = ClientConfiguration.quick
    configuration.maximumBufferedMessages = 1
    configuration.formats = [CancellingFormat()]
    let client = try HookupClient(nowhere, configuration: configuration, logger: .quiet)
    try await client.send("first")
    let one = Task { try await client.send(.text("second").needsAck()) }
    await #expect(throws: CancellationError.self) { try await one.value }
    let batch = Task { try await client.send(contentsOf: [.text("third").needsAck(), "fourth"]) }
    for outcome in try await batch.value {
      #expect(throws: CancellationError.self) { try outcome.get() }
    }
  }

  @Test(arguments: [(ClientConfiguration.Unacked.keep, true), (.drop, false)])
  func `the event of a missing ack carries the message`(
    unacked: ClientConfiguration.Unacked, isKept: Bool
  ) async throws {
    try await withServer {
      $0.acknowledgements = .byHandler
    } handler: { connection in
      var held: [Acknowledgement] = []
      for await event in connection.events {
        if case .request(_, let acknowledgement) = event { held.append(acknowledgement) }
      }
    } _: { address in
      var configuration = ClientConfiguration.quick
      configuration.unacked = unacked
      try await withHookupClient(address.url, configuration: configuration) { client in
        var events = client.events.makeAsyncIterator()
        let late = Message.text("late").needsAck(within: .milliseconds(20))
        try await client.send(late)
        let (message, sequence, kept) = try await next(&events) { event in
          if case .ackFailed(let message, let sequence, let kept) = event {
            (message, sequence, kept)
          } else {
            nil
          }
        }
        #expect(message == late)
        #expect(sequence == 1)
        #expect(kept == isKept)
        #expect(await client.snapshot().backlog.messages == (isKept ? 1 : 0))
      }
    }
  }

  @Test func `a reader that falls behind is noticed, and so is that it has caught up`() async throws
  {
    try await withServer { connection in
      for number in 0..<50 { try await connection.send(.text("\(number)")) }
      for await _ in connection.events {}
    } _: { address in
      var configuration = ClientConfiguration.quick
      configuration.maximumQueuedEvents = 2
      let (client, isBehind) = try watched(address.url, configuration) { $0.machine.readerIsBehind }
      let running = Task { try await client.run() }
      while try await !isBehind.next() {}
      var events = client.events.makeAsyncIterator()
      for number in 0..<50 { #expect(try await next(&events) { $0.text } == "\(number)") }
      while try await isBehind.next() {}
      client.close()
      try await running.value
    }
  }

  @Test func `pending messages come page by page, as they were sent`() async throws {
    let client = try HookupClient(nowhere, logger: .quiet)
    let sent = (1...10).map { Message.text("\($0)").needsAck(within: .seconds($0)) }
    _ = try await client.send(contentsOf: sent)
    var pages: [[UInt64]] = []
    var messages: [Message] = []
    var first: UInt64 = 1
    while true {
      let page = try await client.pendingMessages(from: first, limit: 4)
      guard let last = page.last else { break }
      pages.append(page.map(\.sequence))
      messages += page.map(\.message)
      first = last.sequence + 1
    }
    #expect(pages == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]])
    #expect(messages == sent)
  }

  @Test func `close ends a client that is still connecting`() async throws {
    let accepted = Mailbox<Void>()
    // Takes the connection and never answers the opening handshake.
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        accepted.put(())
        return channel.eventLoop.makeSucceededVoidFuture()
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let url = "ws://127.0.0.1:\(listener.localAddress?.port ?? 0)/"
    let client = try HookupClient(url, logger: .quiet)
    let running = Task { try await client.run() }
    try await accepted.next()
    client.close()
    try await running.value
    let late = await #expect(throws: HookupError.self) { try await client.send("late") }
    #expect(late?.code == .closed)
    try await listener.close()
  }

  @Test func `offline it keeps what is sent, and reconnecting sends it`() async throws {
    try await withServer(handler: echo) { address in
      try await withHookupClient(address.url, configuration: .quick) { client in
        var events = client.events.makeAsyncIterator()
        _ = try await next(&events) { $0.isConnected }
        client.goOffline()
        _ = try await next(&events) { $0.disconnected }
        try await client.send("kept")
        let offline = await client.snapshot()
        #expect(offline.link.state == .offline)
        #expect(offline.backlog.messages == 1)
        client.reconnect()
        #expect(try await next(&events) { $0.text } == "kept")
        client.goOffline()
        client.reconnect()
        _ = try await next(&events) { $0.disconnected }
        _ = try await next(&events) { $0.isConnected }
      }
    }
  }

  @Test func `a snapshot tells of pings as of now, and of no encryption where there is none`()
    async throws
  {
    try await withServer(handler: echo) { address in
      var configuration = ClientConfiguration.quick
      configuration.keepalive = KeepaliveSettings(pingAfter: .seconds(600), pingsAtOnce: true)
      let settled = configuration
      try await withHookupClient(address.url, configuration: settled) { client in
        var events = client.events.makeAsyncIterator()
        try await client.send("one")
        _ = try await next(&events) { $0.text }
        let first = await client.snapshot().link
        #expect(first.encryption == nil)
        let pinged = try #require(first.lastPing)
        let since = try #require(first.connectedSince)
        #expect(pinged >= since)
        try await client.send("two")
        _ = try await next(&events) { $0.text }
        let second = await client.snapshot().link
        #expect(second.lastPing == pinged)
        let due = try #require(second.nextPing)
        #expect(due > pinged + .seconds(500))
        if let before = first.nextPing { #expect(due > before) }
        client.goOffline()
        _ = try await next(&events) { $0.disconnected }
        let gone = await client.snapshot().link
        #expect(gone.lastPing == nil && gone.nextPing == nil)
      }
    }
  }

  @Test func `what is buffered waits until the program has greeted`() async throws {
    let heard = Mailbox<String>()
    try await withServer { connection in
      for await event in connection.events { if case .text(let text) = event { heard.put(text) } }
    } _: { address in
      var configuration = ClientConfiguration.quick
      configuration.awaitsReady = true
      try await withHookupClient(address.url, configuration: configuration) { client in
        var events = client.events.makeAsyncIterator()
        try await client.send("buffered")
        _ = try await next(&events) { $0.isConnected }
        #expect(await client.snapshot().link.state == .resuming)
        try await client.sendNow("hello")
        try await client.sendNow("it is me")
        client.ready()
        #expect(try await heard.next() == "hello")
        #expect(try await heard.next() == "it is me")
        #expect(try await heard.next() == "buffered")
      }
    }
  }

  @Test func `what is only for this connection is refused when there is none`() async throws {
    let client = try HookupClient(nowhere, logger: .quiet)
    let error = await #expect(throws: HookupError.self) { try await client.sendNow("now") }
    #expect(error?.code == .notConnected)
    #expect(try await client.pendingMessages().isEmpty)
  }

  @Test func `a message that the format cannot carry fails, and the next one goes`() async throws {
    try await withServer(handler: echo) { address in
      try await withHookupClient(address.url, configuration: .quick) { client in
        var events = client.events.makeAsyncIterator()
        _ = try await client.send(contentsOf: [.binary(ByteBuffer(string: "x")), "next"])
        let failed = try await next(&events) { event -> Message? in
          if case .ackFailed(let message, 1, false) = event { message } else { nil }
        }
        #expect(failed == .binary(ByteBuffer(string: "x")))
        #expect(try await next(&events) { $0.text } == "next")
      }
    }
  }

  @Test func `a directory that cannot be made is named, with a way out`() async throws {
    try await withTemporaryDirectory { directory in
      _ = try DirectoryLock(directory: directory)
      var configuration = ClientConfiguration()
      // A file is in the way: not even root can make a directory there.
      configuration.buffer = .file(directory: directory + "/lock/outbox")
      let error = #expect(throws: HookupError.self) {
        _ = try HookupClient(nowhere, configuration: configuration, logger: .quiet)
      }
      #expect(error?.code == .storage)
      #expect(error?.message.contains(directory + "/lock") == true)
      #expect(error?.message.contains("choose another directory") == true)
    }
  }

  @Test func `a batch that does not fit as a whole goes in as far as it fits`() async throws {
    var configuration = ClientConfiguration()
    configuration.maximumBufferedMessages = 2
    configuration.maximumMessageBytes = 100
    configuration.whenFull = .fail
    let client = try HookupClient(nowhere, configuration: configuration, logger: .quiet)
    let outcomes = try await client.send(
      contentsOf: ["1", .text(String(repeating: "x", count: 101)), "2", "3", "4"])
    let codes = outcomes.map { outcome -> HookupError.Code? in
      if case .failure(let error as HookupError) = outcome { error.code } else { nil }
    }
    #expect(codes == [nil, .messageTooBig, nil, .bufferFull, .bufferFull])
    #expect(try await client.pendingMessages().map(\.message) == ["1", "2"])
    #expect(try await client.send(contentsOf: []).isEmpty)
  }

  @Test func `run is called once`() async throws {
    let client = try HookupClient(nowhere, logger: .quiet)
    client.close()
    try await client.run()
    let error = await #expect(throws: HookupError.self) { try await client.run() }
    #expect(error?.code == .invalidArgument)
  }
}

/// The runner that a test looks into, once there is one.
private final class WatchedRunner: Sendable {
  struct Target { weak var runner: ClientRunner? }
  let target = Mutex(Target())
}

/// Cancels the task that asks it about acks: the moment between the client's check for cancellation and its waiting.
private struct CancellingFormat: WireFormat {
  private let base = JSONProtocolFormat()
  var subprotocol: String { base.subprotocol }
  var carriesAcks: Bool {
    withUnsafeCurrentTask { $0?.cancel() }
    return true
  }
  func decode(_ frame: WireFrame) -> WireMessage { base.decode(frame) }
  func encode(_ message: WireMessage) throws(HookupError) -> WireFrame { try base.encode(message) }
}

import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

/// Peers that mean no good, each with a bound on how long it lasts or what it holds. What they cost a server's memory, processor
/// and descriptors is measured from outside, in `HostileFloodTests`.
@Suite(.timeLimit(.minutes(1))) struct HostilePeerTests {
  /// A connection that has its WebSocket.
  private func opened(
    _ address: ServerAddress, _ headers: [String] = []
  ) async throws -> RawClient {
    let client = try await RawClient.connect(address)
    try await client.send(upgradeRequest(headers))
    _ = try await client.read(until: "\r\n\r\n")
    return client
  }

  private func seconds(_ body: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - start).inSeconds
  }

  // MARK: Handshake

  @Test
  func `a connection that says nothing is closed in the handshake's time, and its place is free`()
    async throws
  {
    let configuration = configured {
      $0.limits.handshakeTimeout = .milliseconds(500)
      $0.limits.maximumConnections = 1
    }
    try await withServer(configuration) { _, address in
      var answer = "unread"
      let time = try await seconds {
        answer = try await RawClient.connect(address).readToEnd()
      }
      #expect(answer == "")
      #expect(time >= 0.5)
      // On a busy machine this client, too, may be cut off before it has said anything.
      try await until { (try? await get("/ping", at: address))?.hasSuffix("pong") == true }
    }
  }

  @Test func `a request that dribbles in is cut off in the handshake's time, however it dribbles`()
    async throws
  {
    try await withServer(configured { $0.limits.handshakeTimeout = .seconds(4) }) {
      _, address in
      let client = try await RawClient.connect(address)
      let slow = Task {
        // As many bytes as it takes: the last line never comes.
        try await client.send("GET / HTTP/1.1\r\nHost: h\r\nA: ")
        while true {
          try await client.send(bytes: [0x61])
          try await Task.sleep(for: .milliseconds(25))
        }
      }
      #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 408 "))
      slow.cancel()
      await client.close()
      _ = await slow.result
    }
  }

  @Test(arguments: [
    ("GET /", "a", 1 << 20), ("GET / HTTP/1.1\r\nHost: h\r\nA: ", "a", 1 << 20),
    ("GET / HTTP/1.1\r\nHost: h\r\n", "A: b\r\n", 101),
  ])
  func `a head that is too large is answered 431 and closed`(
    start: String, filler: String, count: Int
  ) async throws {
    let request = start + String(repeating: filler, count: count) + "\r\n\r\n"
    try await withServer { _, address in
      let client = try await RawClient.connect(address)
      // The server need not take all of it.
      let sender = Task { try await client.send(request) }
      var answer = ""
      let time = try await seconds { answer = try await client.readToEnd() }
      #expect(answer.hasPrefix("HTTP/1.1 431 "))
      #expect(time < 30)
      await client.close()
      _ = await sender.result
    }
  }

  @Test func `refusals are bounded: what comes beyond them is closed without an answer`()
    async throws
  {
    let configuration = configured {
      $0.limits.maximumConnections = 1
      $0.limits.handshakeTimeout = .seconds(3_600)
      // On one event loop they are decided about in their order.
      $0.eventLoopThreads = 1
    }
    try await withServer(configuration) { _, address in
      let (held, connection, _) = try await TestWebSocket.connect(address)
      // These wait for their request, to answer it 503.
      var waiting: [RawClient] = []
      for _ in 0..<AdmissionControl.maximumRefusals {
        waiting.append(try await RawClient.connect(address))
      }
      for _ in 0..<20 {
        let client = try await RawClient.connect(address)
        #expect(try await client.readToEnd() == "")
      }
      connection.send(text: "still here")
      #expect(try await held.heard.next() == .text("still here"))
      for client in waiting { await client.close() }
    }
  }

  // MARK: Frames

  @Test(
    arguments: [
      // An unmasked frame; 2^63 bytes announced, and 2^62; reserved bits; a reserved opcode; a ping of 126 bytes.
      ([0x81, 0x01, 0x61], "a client's frame is not masked"),
      ([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], "the highest bit of a length is set"),
      ([0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], "larger than 1048576 bytes"),
      ([0xF1, 0x80, 0, 0, 0, 0], "a reserved bit is set"),
      ([0x83, 0x80, 0, 0, 0, 0], "the opcode 3 is reserved"),
      ([0x89, 0xFE, 0x00, 0x7E, 0, 0, 0, 0], "a control frame is too long"),
    ] as [([UInt8], String)])
  func `a frame that breaks the rules is answered with a close frame at once`(
    frame: [UInt8], reason: String
  ) async throws {
    try await withServer { server, address in
      let client = try await opened(address)
      var answer = ""
      let time = try await seconds {
        try await client.send(bytes: frame)
        answer = try await client.readToEnd()
      }
      #expect(answer.hasSuffix(reason))
      #expect(time < 30)
      // It may leave its side open: not for longer than the close timeout.
      try await until { server.connections.isEmpty }
      await client.close()
    }
  }

  @Test(arguments: [true, false])
  func `half a message that only dribbles is closed 1008 in its time`(isHeader: Bool) async throws {
    try await withServer(configured { $0.limits.messageTimeout = .milliseconds(500) }) {
      _, address in
      let client = try await opened(address)
      let dribble = Task {
        // The header of 1,000 bytes, then a byte now and then; or half a header and silence.
        try await client.send(bytes: isHeader ? [0x82] : [0x82, 0xFE, 0x03, 0xE8, 0, 0, 0, 0])
        while !isHeader {
          try await Task.sleep(for: .milliseconds(25))
          try await client.send(bytes: [0x61])
        }
      }
      var answer = ""
      let time = try await seconds { answer = try await client.readToEnd() }
      #expect(answer.hasSuffix("a message takes too long to arrive"))
      #expect(time < 30)
      dribble.cancel()
      await client.close()
      _ = await dribble.result
    }
  }

  // MARK: Memory

  @Test func `tiny messages for a handler that is behind hold no more than their bytes`()
    async throws
  {
    let (begins, gate, held) = (Mailbox<Void>(), Mailbox<Void>(), Mailbox<Int>())
    let messages = 200
    try await withServer { connection in
      var iterator = connection.events.makeAsyncIterator()
      _ = await iterator.next()
      begins.put(())
      try await gate.next()
      var buffers: [ByteBuffer] = []
      while buffers.count < messages, let event = await iterator.next() {
        if case .binary(let bytes) = event { buffers.append(bytes) }
      }
      held.put(buffers.reduce(0) { $0 + $1.storageCapacity })
    } body: { server, address in
      let client = try await opened(address)
      let connection = try #require(server.connections.first)
      try await begins.next()
      for _ in 0..<messages {
        let before = connection.state.withLock { $0.inbound.waitingCount }
        try await client.send(bytes: [0x82, 0x81, 0, 0, 0, 0, 1])
        // Each in a read of its own, of 128 KiB.
        try await until { connection.state.withLock { $0.inbound.waitingCount } > before }
      }
      gate.put(())
      // The first may have been handed over before the handler was behind.
      #expect(try await held.next() < 512 << 10)
      await client.close()
    }
  }

  @Test func `a compression bomb is closed 1009 at the limit`() async throws {
    let configuration = configured {
      $0.compression = CompressionSettings()
      $0.limits.maximumMessageBytes = 1 << 20
    }
    try await withServer(configuration) { _, address in
      let client = try await opened(
        address, ["Sec-WebSocket-Extensions: permessage-deflate"])
      let bomb = Self.bomb
      let frame: [UInt8] =
        [0xC2, 0xFE, UInt8(bomb.count >> 8), UInt8(bomb.count & 0xFF), 0, 0, 0, 0] + bomb
      var answer = ""
      let time = try await seconds {
        try await client.send(bytes: frame)
        answer = try await client.readToEnd()
      }
      #expect(answer.hasSuffix("larger than 1048576 bytes"))
      #expect(time < 30)
      await client.close()
    }
  }

  /// Some 10 MB of zeros in 60 KiB: a block of fixed codes, copies of 258 bytes, eight of them in thirteen bytes.
  private static var bomb: [UInt8] {
    var bits: [Bool] = [false, true, false]
    let code = { (value: Int, count: Int) in
      (0..<count).reversed().map { value >> $0 & 1 != 0 }
    }
    bits += code(0b0011_0000, 8)
    for _ in 0..<37_000 { bits += code(0b1100_0101, 8) + code(0, 5) }
    bits += code(0, 7) + [false, false, false]
    var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
    for (index, bit) in bits.enumerated() where bit { bytes[index / 8] |= 1 << UInt8(index % 8) }
    return bytes
  }
}

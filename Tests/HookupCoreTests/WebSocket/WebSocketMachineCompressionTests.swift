import NIOCore
import Testing

@testable import HookupCore

/// permessage-deflate as the whole machine does it (RFC 7692).
@Suite struct WebSocketMachineCompressionTests {
  private static let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
  private static let agreed: PerMessageDeflate = {
    var settings = CompressionSettings()
    settings.minimumBytes = 0
    return PerMessageDeflate(settings: settings)
  }()

  private func bench(
    _ role: WebSocketRole, maximumMessageBytes: Int = 1_000, _ agreed: PerMessageDeflate = agreed
  ) -> MachineBench {
    MachineBench(role, maximumMessageBytes: maximumMessageBytes, compression: agreed)
  }

  @Test(arguments: [WebSocketRole.client, .server])
  func `the messages of the RFC are read, whole, in fragments and around control frames`(
    role: WebSocketRole
  ) {
    let stream =
      Sample.frame(0xC1, Self.hello, to: role)
      + Sample.frame(0xC2, [0xF2, 0x00, 0x11, 0x00, 0x00], to: role)
      + Sample.frame(0x41, Array(Self.hello[..<3]), to: role) + Sample.frame(0x8A, [], to: role)
      + Sample.frame(0x00, [], to: role) + Sample.frame(0x80, Array(Self.hello[3...]), to: role)
      + Sample.text("plain", to: role) + Sample.frame(0xC1, [0x00], to: role)
    let expected: [WebSocketMachine.Action] = [
      .deliver(.text("Hello")), .deliver(.binary(Array("Hello".utf8))), .deliver(.text("Hello")),
      .deliver(.text("plain")), .deliver(.text("")),
    ]
    for cut in 0...stream.count {
      var bench = bench(role)
      let actions = bench.receive(Array(stream[..<cut])) + bench.receive(Array(stream[cut...]))
      #expect(actions == expected, "cut at \(cut)")
    }
  }

  /// First byte and payload of a frame, and the code it is refused with.
  @Test(
    arguments: [
      (0xC0, [0x00], 1002), (0xC9, [], 1002), (0xC8, [], 1002), (0xE1, [0x00], 1002),
      (0xD1, [0x00], 1002), (0xC1, [0xFF, 0xFF], 1007), (0xC1, [0xF2, 0x48], 1007),
      (0xC1, hello + [0x06], 1007),
      // A stored block with a byte that is no text; the same as bytes is good.
      (0xC1, [0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x00], 1007),
    ] as [(UInt8, [UInt8], UInt16)])
  func `what breaks a rule is refused`(first: UInt8, payload: [UInt8], code: UInt16) {
    var bench = bench(.server)
    let actions = bench.receive(Sample.frame(first, payload, to: .server))
    #expect(actions.count == 2)
    guard case .write(let frame) = actions.first else {
      Issue.record("nothing written")
      return
    }
    #expect(frame.getInteger(at: 2, as: UInt16.self) == code)
    #expect(actions.last == .closeOutput)
  }

  @Test func `a continuation that is marked is refused within a compressed message too`() {
    var bench = bench(.server)
    #expect(bench.receive(Sample.frame(0x41, Array(Self.hello[..<3]), to: .server)) == [])
    #expect(
      bench.receive(Sample.frame(0xC0, Array(Self.hello[3...]), to: .server)) == [
        writtenClose(1002, "a frame that does not begin a message is marked as compressed"),
        .closeOutput,
      ])
  }

  @Test func `text is checked as it is inflated, long before the message ends`() {
    // Two stored blocks: a bad byte in the first, and the second not there yet.
    var bench = bench(.server)
    let actions = bench.receive(
      Array(
        Sample.frame(
          0x41, [0x00, 0x02, 0x00, 0xFD, 0xFF, 0x41, 0xC0, 0x00, 0x09, 0x00], to: .server
        ).dropLast()))
    #expect(
      actions == [writtenClose(1007, "a text message is not valid UTF-8"), .closeOutput])
  }

  @Test func `a character may be cut by the pieces, but not by the message's end`() {
    var bench = bench(.client)
    let euro: [UInt8] = [0x00, 0x02, 0x00, 0xFD, 0xFF, 0xE2, 0x82]
    #expect(bench.receive(Sample.frame(0x41, euro, to: .client)) == [])
    let rest: [UInt8] = [0x00, 0x01, 0x00, 0xFE, 0xFF, 0xAC, 0x00]
    #expect(bench.receive(Sample.frame(0x80, rest, to: .client)) == [.deliver(.text("€"))])
    guard case .write = bench.receive(Sample.frame(0xC1, euro + [0x00], to: .client)).first else {
      Issue.record("half a character taken")
      return
    }
  }

  @Test(arguments: [1, 1_000, 100_000])
  func `a bomb closes with 1009, however it is cut`(size: Int) {
    var bench = bench(.server, maximumMessageBytes: 100_000)
    let bomb = DeflateSamples.zeros(size == 1 ? 400_000 : 10 << 20)
    let stream = Sample.frame(0xC2, bomb, to: .server)
    var actions: [WebSocketMachine.Action] = []
    var rest = stream[...]
    while actions.isEmpty, !rest.isEmpty {
      actions = bench.receive(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    #expect(
      actions == [writtenClose(1009, "a message is larger than 100000 bytes"), .closeOutput])
    // It did not wait for the end: a byte of the bomb is 160 of the message.
    #expect(stream.count - rest.count <= 100_000 / 100 + size)
  }

  @Test func `a frame that cannot fit is refused at its header, endless empty blocks by their sum`()
  {
    var bench = bench(.server, maximumMessageBytes: 8_000)
    let tooBig = [writtenClose(1009, "a message is larger than 8000 bytes"), .closeOutput]
    // 8,000 and an eighth, 1,024 and 8 for each of the fragments may come.
    #expect(
      bench.receive([0xC2, 0xFE, UInt8(10_032 >> 8), UInt8(10_032 & 0xFF), 0, 0, 0, 0]) == [])
    var other = self.bench(.server, maximumMessageBytes: 8_000)
    #expect(
      other.receive([0xC2, 0xFE, UInt8(10_033 >> 8), UInt8(10_033 & 0xFF), 0, 0, 0, 0]) == tooBig)
    var third = self.bench(.server, maximumMessageBytes: 8_000)
    let empty: [UInt8] = (0..<200).flatMap { _ in [0x00, 0x00, 0x00, 0xFF, 0xFF] as [UInt8] }
    var actions = third.receive(Sample.frame(0x42, empty, to: .server))
    var frames = 1
    while actions.isEmpty, frames < 100 {
      actions = third.receive(Sample.frame(0x00, empty, to: .server))
      frames += 1
    }
    #expect(actions == tooBig)
    #expect(frames <= 12)
  }

  @Test func `encoded once, a frame goes uncompressed between compressed ones`() throws {
    var server = bench(.server)
    var client = bench(.client)
    var output = ByteBuffer()
    let text = WireFrame.text(DeflateSamples.text(900))
    #expect(server.machine.append(text, to: &output))
    #expect(server.machine.sendsEncodedFrames() == true)
    output.writeImmutableBuffer(WebSocketFrameEncoder.encode(.text("shared")))
    #expect(server.machine.append(text, to: &output))
    #expect(output.readableBytes < 1_000)
    #expect(
      client.receive(Array(output.readableBytesView))
        == [.deliver(text), .deliver(.text("shared")), .deliver(text)])
  }

  @Test func `without the extension nothing is compressed and nothing compressed is taken`() {
    var bench = MachineBench(.server)
    var output = ByteBuffer()
    let text = DeflateSamples.text(900)
    #expect(bench.machine.append(.text(text), to: &output))
    #expect(output == ByteBuffer(bytes: Sample.text(text, to: .client)))
    #expect(
      bench.receive(Sample.frame(0xC1, Self.hello, to: .server))
        == [writtenClose(1002, "a reserved bit is set"), .closeOutput])
  }

  @Test func `at the end the memory is given back`() {
    var bench = bench(.server)
    var output = ByteBuffer()
    #expect(bench.machine.append(.text(DeflateSamples.text(900)), to: &output))
    #expect(bench.machine.deflater?.isAllocated == true)
    _ = bench.feed(.disconnected)
    #expect(bench.machine.deflater?.isAllocated == nil)
  }

  /// Messages of all kinds and sizes both ways, with frames cut and reads split at random.
  @Test(arguments: [WebSocketRole.client, .server])
  func `whatever is sent arrives, however it is agreed on, fragmented and split`(
    sender: WebSocketRole
  ) throws {
    for seed in 0..<25 as Range<UInt64> {
      var random = RandomSource(seed: seed)
      var settings = CompressionSettings()
      settings.level = Int.random(in: 1...9, using: &random)
      settings.memoryLevel = Int.random(in: 1...9, using: &random)
      settings.windowBits = Int.random(in: 9...15, using: &random)
      settings.minimumBytes = [0, 100, 1_000].randomElement(using: &random) ?? 0
      let agreed = PerMessageDeflate(
        serverKeepsContext: Bool.random(using: &random),
        clientKeepsContext: Bool.random(using: &random),
        serverWindowBits: Int.random(in: 8...15, using: &random),
        clientWindowBits: Int.random(in: 8...15, using: &random), settings: settings)
      let reader: WebSocketRole = sender == .client ? .server : .client
      var from = bench(sender, maximumMessageBytes: 100_000, agreed)
      var to = bench(reader, maximumMessageBytes: 100_000, agreed)
      var stream: [UInt8] = []
      var sent: [WebSocketMachine.Action] = []
      for _ in 0..<12 {
        let message = Self.message(using: &random)
        var output = ByteBuffer()
        #expect(from.machine.append(message, to: &output))
        stream += try Self.fragmented(output, from: sender, using: &random)
        sent.append(.deliver(message))
      }
      var received: [WebSocketMachine.Action] = []
      var rest = stream[...]
      while !rest.isEmpty {
        let size = Int.random(in: 1...4_000, using: &random)
        received += to.receive(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
      #expect(received == sent, "seed \(seed)")
    }
  }

  private static func message(using random: inout RandomSource) -> WireFrame {
    let count = [0, 1, 50, 500, 5_000, 50_000].randomElement(using: &random) ?? 0
    let seed = UInt64.random(in: 0...3, using: &random)
    return switch Int.random(in: 0...2, using: &random) {
    case 0: .text(DeflateSamples.text(count, seed: seed))
    case 1: .binary(DeflateSamples.noise(count, seed: seed))
    default: .binary(Array(repeating: UInt8(seed), count: count))
    }
  }

  /// One frame as one to four, cut anywhere.
  private static func fragmented(
    _ frame: ByteBuffer, from sender: WebSocketRole, using random: inout RandomSource
  ) throws -> [UInt8] {
    let reader: WebSocketRole = sender == .client ? .server : .client
    let header = try #require(
      try FrameHeader.read(from: frame, at: 0, role: reader, allowsCompression: true))
    var unmasked = frame
    unmasked.moveReaderIndex(forwardBy: header.headerBytes)
    header.mask?.apply(
      to: &unmasked, at: unmasked.readerIndex, count: unmasked.readableBytes)
    let payload = Array(unmasked.readableBytesView)
    let cuts = (0..<Int.random(in: 0...3, using: &random))
      .map { _ in Int.random(in: 0...payload.count, using: &random) }.sorted()
    var first = header.opcode.rawValue | (header.isCompressed ? 0x40 : 0)
    var bytes: [UInt8] = []
    let pieces = Array(zip([0] + cuts, cuts + [payload.count]))
    for (position, (start, end)) in pieces.enumerated() {
      let final: UInt8 = position == pieces.count - 1 ? 0x80 : 0
      bytes += Sample.frame(final | first, Array(payload[start..<end]), to: reader)
      first = 0
    }
    return bytes
  }
}

import NIOCore
import Testing

@testable import HookupCore

/// Streams of chance and valid ones that were damaged, in pieces of all sizes.
@Suite struct FrameFuzzTests {
  /// What a machine did with a stream.
  struct Outcome: Equatable {
    var delivered: [WireFrame] = []
    /// Pongs and the close frame, whose reason may differ: what is wrong with a text shows sooner in small pieces.
    var writes = 0
    var ending: CloseCode?
  }

  /// A connection of chance.
  struct Peer {
    var role: WebSocketRole
    var maximumMessageBytes: Int
    var compression: PerMessageDeflate?

    init(using random: inout RandomSource) {
      role = Bool.random(using: &random) ? .server : .client
      maximumMessageBytes = [0, 100, 5_000, 200_000].randomElement(using: &random) ?? 0
      guard Bool.random(using: &random) else { return }
      compression = PerMessageDeflate(
        serverKeepsContext: .random(using: &random), clientKeepsContext: .random(using: &random),
        serverWindowBits: .random(in: 9...15, using: &random),
        clientWindowBits: .random(in: 9...15, using: &random), settings: CompressionSettings())
    }

    var machine: MachineBench {
      MachineBench(
        role, maximumMessageBytes: maximumMessageBytes, messageTimeout: .seconds(60),
        compression: compression)
    }
  }

  @Test
  func `any stream in any pieces comes to the same, within bounds, and nothing after its end`() {
    var ends: [CloseCode?: Int] = [:]
    var delivered = 0
    Fuzz.rounds(200, "frames") { random, place in
      let peer = Peer(using: &random)
      let stream = FuzzStream.make(to: peer.role, peer.compression, using: &random)
      let whole = Self.run(stream, in: [stream[...]], peer, place)
      let bytewise = Fuzz.pieces(of: stream, size: 1, using: &random)
      #expect(Self.run(stream, in: bytewise, peer, place) == whole, place)
      let pieces = Fuzz.pieces(of: stream, size: nil, using: &random)
      #expect(Self.run(stream, in: pieces, peer, place) == whole, place)
      ends[whole.ending, default: 0] += 1
      delivered += whole.delivered.count
    }
    // The rounds reach what they are about.
    let rounds = ends.values.reduce(0, +)
    guard rounds >= 200 else { return }
    #expect(delivered > rounds / 2, "\(delivered) delivered in \(rounds) rounds")
    for code in [nil, .protocolError, .invalidData, .messageTooBig] as [CloseCode?] {
      #expect(ends[code, default: 0] > 0, "\(String(describing: code)): \(ends)")
    }
  }

  private static func run(
    _ stream: [UInt8], in pieces: [ArraySlice<UInt8>], _ peer: Peer, _ place: Comment
  ) -> Outcome {
    var bench = peer.machine
    var outcome = Outcome()
    for piece in pieces { take(bench.receive(Array(piece)), into: &outcome) }
    outcome.ending = bench.machine.ending?.code
    for frame in outcome.delivered {
      #expect(frame.payload.readableBytes <= peer.maximumMessageBytes, place)
      guard case .text(let bytes) = frame else { continue }
      #expect(
        UTF8Validator.isValid(bytes, at: bytes.readerIndex, count: bytes.readableBytes), place)
    }
    // A frame is two bytes at least, six when it is masked.
    let frames = stream.count / (peer.role == .server ? 6 : 2) + 1
    #expect(outcome.delivered.count <= frames, place)
    #expect(outcome.writes <= min(frames, WebSocketMachine.maximumWaitingPongs) + 1, place)
    guard outcome.ending != nil else { return outcome }
    let more = bench.receive(Sample.text("more", to: peer.role))
    #expect(!more.contains { if case .deliver = $0 { true } else { false } }, place)
    return outcome
  }

  private static func take(_ actions: [WebSocketMachine.Action], into outcome: inout Outcome) {
    for action in actions {
      switch action {
      case .deliver(let frame): outcome.delivered.append(frame)
      case .write: outcome.writes += 1
      default: break
      }
    }
  }

  @Test func `the way past the assembler and the way through it agree`() {
    var past = 0
    var through = 0
    Fuzz.rounds(100, "frames in one read and byte by byte") { random, place in
      let role: WebSocketRole = Bool.random(using: &random) ? .server : .client
      let stream = FuzzStream.messages(to: role, using: &random)
      let whole = Self.read([stream[...]], role)
      let bytewise = Self.read(Fuzz.pieces(of: stream, size: 1, using: &random), role)
      #expect(whole.messages == bytewise.messages, place)
      #expect(whole.violation?.code == bytewise.violation?.code, place)
      past += whole.inPlace
      through += bytewise.messages.count - bytewise.inPlace
    }
    #expect(past > 0 && through > 0)
  }

  private static func read(
    _ pieces: [ArraySlice<UInt8>], _ role: WebSocketRole
  ) -> (messages: [WireFrame], inPlace: Int, violation: ProtocolViolation?) {
    var reader = FrameReader(role: role, maximumMessageBytes: 70_000)
    var messages: [WireFrame] = []
    var inPlace = 0
    for piece in pieces {
      var items: [FrameReader.Item] = []
      var buffer = ByteBuffer(bytes: piece)
      let result = Result { () throws(ProtocolViolation) in
        try reader.read(&buffer, into: &items)
      }
      for item in items {
        switch item {
        case .message(let isText, let place):
          inPlace += 1
          let payload = WebSocketMachine.slice(buffer, place)
          messages.append(isText ? .text(payload) : .binary(payload))
        case .assembled(let frame): messages.append(frame)
        case .control, .gathered: break
        }
      }
      if case .failure(let violation) = result { return (messages, inPlace, violation) }
    }
    return (messages, inPlace, nil)
  }
}

/// What a peer might send.
enum FuzzStream {
  static func make(
    to role: WebSocketRole, _ compression: PerMessageDeflate?, using random: inout RandomSource
  ) -> [UInt8] {
    if Int.random(in: 0..<8, using: &random) == 0 { return Fuzz.noise(0...400, using: &random) }
    var deflater = compression?.deflater(for: role == .server ? .client : .server)
    var stream: [UInt8] = []
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      stream += item(to: role, &deflater, using: &random)
    }
    Fuzz.mutate(&stream, using: &random)
    return stream
  }

  /// Whole uncompressed messages only, and half of the time one change.
  static func messages(to role: WebSocketRole, using random: inout RandomSource) -> [UInt8] {
    var stream: [UInt8] = []
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let first: UInt8 = Bool.random(using: &random) ? 0x81 : 0x82
      stream += Sample.frame(first, payload(isText: first == 0x81, using: &random), to: role)
    }
    if Bool.random(using: &random) { Fuzz.mutate(&stream, using: &random) }
    return stream
  }

  private static func item(
    to role: WebSocketRole, _ deflater: inout Deflater?, using random: inout RandomSource
  ) -> [UInt8] {
    switch Int.random(in: 0..<20, using: &random) {
    case 0: return Sample.close(1000, "bye", to: role)
    case 1...4:
      let first: UInt8 = Bool.random(using: &random) ? 0x89 : 0x8A
      return Sample.frame(first, Fuzz.noise(0...125, using: &random), to: role)
    default: break
    }
    let isText = Bool.random(using: &random)
    var bytes = payload(isText: isText, using: &random)
    var first: UInt8 = isText ? 1 : 2
    if deflater != nil, let small = deflater?.deflate(ByteBuffer(bytes: bytes)) {
      bytes = Array(small.readableBytesView)
      first |= 0x40
    }
    return fragments(first, bytes, to: role, using: &random)
  }

  private static func fragments(
    _ first: UInt8, _ payload: [UInt8], to role: WebSocketRole, using random: inout RandomSource
  ) -> [UInt8] {
    var first = first
    var rest = payload[...]
    var bytes: [UInt8] = []
    for _ in 0..<([0, 0, 0, 1, 3].randomElement(using: &random) ?? 0) {
      let count = Int.random(in: 0...rest.count, using: &random)
      bytes += Sample.frame(first, Array(rest.prefix(count)), to: role)
      rest = rest.dropFirst(count)
      first = 0
      if Bool.random(using: &random) { bytes += Sample.frame(0x89, [1], to: role) }
    }
    return bytes + Sample.frame(0x80 | first, Array(rest), to: role)
  }

  /// Around the lengths at which a header changes its form, and now and then text that is none.
  private static func payload(isText: Bool, using random: inout RandomSource) -> [UInt8] {
    let count = [0, 1, 5, 40, 125, 126, 127, 900, 4_999].randomElement(using: &random) ?? 0
    if Int.random(in: 0..<1_000, using: &random) == 0 {
      return Array(repeating: 0x61, count: Int.random(in: 65_534...65_537, using: &random))
    }
    guard isText else { return Fuzz.noise(count...count, using: &random) }
    var text = Array(DeflateSamples.text(count, seed: random.next() % 4).utf8)
    switch Int.random(in: 0..<20, using: &random) {
    case 0: text += [0xC3]
    case 1: text.insert(0xFF, at: text.count / 2)
    case 2...5: text += Array("é€😀".utf8)
    default: break
    }
    return text
  }
}

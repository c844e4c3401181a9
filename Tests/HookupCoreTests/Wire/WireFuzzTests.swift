import HookupCore
import NIOCore
import Testing

/// Seeded mutations of the vectors: nothing traps, and what was understood survives being sent on.
@Suite struct WireFuzzTests {
  static let seed: UInt64 = 0x5EED_2024

  @Test func `20,000 mutated frames are read without harm, and read the same when sent on`() throws
  {
    var random = RandomSource(seed: Self.seed)
    let corpus = Self.corpus
    try #require(corpus.count > 150)
    let format = JSONProtocolFormat()
    var kinds: [String: Int] = [:]
    for round in 0..<20_000 {
      let bytes = Self.mutate(corpus, with: &random)
      let message = format.decode(.text(bytes))
      let again = format.decode(try format.encode(message))
      guard again == message else {
        Issue.record("seed \(Self.seed) round \(round): \(Array(bytes.readableBytesView))")
        return
      }
      kinds[Self.kind(message), default: 0] += 1
      try Self.checkSimple(bytes, round)
      try Self.checkStored(bytes, round)
    }
    // The mutations reach every kind of meaning, so that the equality above is about all of them.
    for kind in ["text", "json", "ack", "ack_request"] {
      #expect(kinds[kind, default: 0] > 200, "\(kind): \(kinds)")
    }
    #expect(kinds.count == 4, "\(kinds)")
  }

  private static func kind(_ message: WireMessage) -> String {
    switch message {
    case .message(.text): "text"
    case .message(.json(let json)):
      // Whatever is JSON can be parsed, and rendering the tree gives the same tree.
      (try? JSONText(json.parse()).parse()) == json.parse() ? "json" : "json that changes"
    case .ack: "ack"
    case .ackRequest: "ack_request"
    default: "other"
    }
  }

  private static func checkSimple(_ bytes: ByteBuffer, _ round: Int) throws {
    let format = SimpleJSONFormat()
    // As the WebSocket layer hands it over: valid UTF-8. Repaired text may be JSON where the bytes were not.
    let message = format.decode(.text(ByteBuffer(string: String(buffer: bytes))))
    #expect(format.decode(try format.encode(message)) == message, "seed \(seed) round \(round)")
  }

  private static func checkStored(_ bytes: ByteBuffer, _ round: Int) throws {
    guard
      let message = try? StoredMessage.decode(payload: bytes, flags: 0, ackTimeoutMilliseconds: 9)
    else { return }
    let entry = OutboxEntry(sequence: 1, message: message)
    let again = try entry.message()
    #expect(again.content == message.content, "seed \(seed) round \(round)")
    let kept = min(message.ackTimeout ?? .zero, .milliseconds(Int64(UInt32.max)))
    #expect(again.ackTimeout == kept, "seed \(seed) round \(round)")
  }

  @Test func `a tree parser and the scanner agree on what is JSON`() throws {
    var random = RandomSource(seed: Self.seed + 1)
    let corpus = Self.corpus
    var accepted = 0
    for round in 0..<20_000 {
      let bytes = Self.mutate(corpus, with: &random)
      let scanned = try? JSONScanner.validate(bytes.readableBytesUInt8Span)
      let parsed = try? JSONValue(parsing: bytes)
      #expect((scanned == nil) == (parsed == nil), "seed \(Self.seed) round \(round)")
      if scanned != nil { accepted += 1 }
    }
    #expect(accepted > 1000)
  }

  @Test func `a hostile megabyte takes a bounded time`() {
    let million = 1 << 20
    let frames = [
      String(repeating: "[", count: million),
      String(repeating: #"{"a":"#, count: million / 5),
      #"{"type":""# + String(repeating: "\\u0074", count: million / 6) + #"","content":"x"}"#,
      "{" + String(repeating: #""id":1,"#, count: million / 7) + #""type":"ack"}"#,
      "{" + String(repeating: #""content":{"type":"text"},"#, count: million / 26) + #""type":1}"#,
      #"{"type":"json","content":["# + String(repeating: "[],", count: million / 3) + "1]}",
      #"{"id":"# + String(repeating: "9", count: million) + "}",
      String(repeating: " ", count: million),
      #"{"type":"text","content":""# + String(repeating: "é", count: million / 2) + #""}"#,
    ]
    let clock = ContinuousClock()
    let elapsed = clock.measure {
      for frame in frames {
        let message = JSONProtocolFormat().decode(.text(ByteBuffer(string: frame)))
        #expect(message != .ack(id: 0))
      }
    }
    // Nine megabytes; quadratic work on any one of them would take hours.
    #expect(elapsed < .seconds(60), "\(elapsed)")
  }

  private static var corpus: [[UInt8]] {
    WireVector.all.compactMap {
      guard case .text(let bytes)? = $0.frame ?? .text($0.stored.payload),
        bytes.readableBytes < 600
      else { return nil }
      return Array(bytes.readableBytesView)
    }
  }

  /// Up to two changes: a byte set, taken out or put in, a piece cut off, doubled, or brought from another vector.
  private static func mutate(_ corpus: [[UInt8]], with random: inout RandomSource) -> ByteBuffer {
    let pieces = Array(#"{}[]",:\ue0-."#.utf8) + [0x00, 0x20, 0x7F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
    var bytes = corpus.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let position = Int.random(in: 0...bytes.count, using: &random)
      let end = min(bytes.count, position + Int.random(in: 0...12, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0 where position < bytes.count:
        bytes[position] =
          UInt8.random(in: 0...255, using: &random) >> UInt8.random(in: 0...1, using: &random)
      case 1 where position < bytes.count: bytes.remove(at: position)
      case 2: bytes.insert(pieces.randomElement(using: &random) ?? 0, at: position)
      case 3: bytes.removeLast(min(bytes.count, Int.random(in: 0...3, using: &random)))
      case 4: bytes.insert(contentsOf: bytes[position..<end], at: position)
      case 5:
        let other = corpus.randomElement(using: &random) ?? []
        bytes.replaceSubrange(position..<end, with: other)
      default: break
      }
    }
    return ByteBuffer(bytes: bytes)
  }
}

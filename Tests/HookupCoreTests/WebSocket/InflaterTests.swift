import NIOCore
import Testing

@testable import HookupCore

@Suite struct InflaterTests {
  private static let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]

  /// The examples of RFC 7692 §7.2.3, and what is lenient or particular.
  @Test(
    arguments: [
      (hello, "Hello"),
      ([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00], "Hello"),
      ([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], "Hello"),
      ([0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00], "Hello"),
      ([0x00], ""), ([], ""),
      // A last block and nothing behind it; several last blocks.
      ([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], "Hello"),
      (
        [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
        "HelloHello"
      ),
    ] as [([UInt8], String)])
  func `a message is inflated, in one piece or byte by byte`(bytes: [UInt8], text: String) throws {
    for size in [1, 2, 3, 100] {
      for keepsContext in [true, false] {
        var inflater = Inflater(windowBits: 15, keepsContext: keepsContext)
        for _ in 0..<3 { #expect(try inflater.inflate(bytes, size: size) == Array(text.utf8)) }
      }
    }
  }

  @Test func `a message may refer to the one before`() throws {
    var inflater = Inflater(windowBits: 15, keepsContext: true)
    #expect(try inflater.inflate(Self.hello) == Array("Hello".utf8))
    #expect(try inflater.inflate([0xF2, 0x00, 0x11, 0x00, 0x00]) == Array("Hello".utf8))
  }

  @Test func `a message may refer to one that ended with a last block`() throws {
    for final in [
      [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
      [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
    ] as [[UInt8]] {
      var inflater = Inflater(windowBits: 15, keepsContext: true)
      #expect(try inflater.inflate(final) == Array("Hello".utf8))
      #expect(try inflater.inflate([0xF2, 0x00, 0x11, 0x00, 0x00]) == Array("Hello".utf8))
    }
  }

  @Test func `without context a message cannot refer to another, and no memory is held`() throws {
    var inflater = Inflater(windowBits: 15, keepsContext: false)
    #expect(!inflater.isAllocated)
    #expect(try inflater.inflate(Self.hello) == Array("Hello".utf8))
    #expect(!inflater.isAllocated)
    #expect(throws: notDeflate) { try inflater.inflate([0xF2, 0x00, 0x11, 0x00, 0x00]) }
  }

  @Test func `memory is taken with the first message and given back on request`() throws {
    var inflater = Inflater(windowBits: 15, keepsContext: true)
    #expect(try inflater.inflate([]) == [])
    #expect(!inflater.isAllocated)
    _ = try inflater.inflate(Self.hello)
    #expect(inflater.isAllocated)
    inflater.release()
    #expect(!inflater.isAllocated)
  }

  @Test func `copies do not see one another's messages`() throws {
    var one = Inflater(windowBits: 15, keepsContext: true)
    _ = try one.inflate(Self.hello)
    var other = one
    _ = try other.inflate([0x00, 0x03, 0x00, 0xFC, 0xFF, 0x78, 0x79, 0x7A, 0x00])
    #expect(try one.inflate([0xF2, 0x00, 0x11, 0x00, 0x00]) == Array("Hello".utf8))
    #expect(try other.inflate([0xF2, 0x00, 0x11, 0x00, 0x00]) != Array("Hello".utf8))
  }

  @Test func `references beyond the window agreed on are refused`() throws {
    var settings = CompressionSettings()
    settings.windowBits = 15
    let noise = DeflateSamples.noise(2_000)
    let message = ByteBuffer(bytes: noise + DeflateSamples.noise(2_000, seed: 8) + noise)
    var deflater = Deflater(settings: settings, windowBits: 15, keepsContext: true)
    let deflated = Array(try deflater.compress(message).readableBytesView)
    var wide = Inflater(windowBits: 12, keepsContext: true)
    #expect(try wide.inflate(deflated) == Array(message.readableBytesView))
    var narrow = Inflater(windowBits: 9, keepsContext: true)
    #expect(throws: notDeflate) { try narrow.inflate(deflated) }
  }

  @Test(
    arguments: [
      [0x06], [0x07], [0xF6], [0x01, 0x05, 0x00, 0x00, 0x00], [0xFF, 0xFF, 0xFF, 0xFF],
      [0x04, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    ] as [[UInt8]])
  func `what is no deflate data is refused`(bytes: [UInt8]) {
    var inflater = Inflater(windowBits: 15, keepsContext: true)
    let error = #expect(throws: ProtocolViolation.self) { try inflater.inflate(bytes) }
    #expect(error?.code == .invalidData)
  }

  @Test(arguments: [[0xF2], [0xF2, 0x48, 0xCD, 0xC9], [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48]])
  func `a message that ends within a block is refused`(bytes: [UInt8]) {
    var inflater = Inflater(windowBits: 15, keepsContext: true)
    let error = #expect(throws: ProtocolViolation.self) { try inflater.inflate(bytes) }
    #expect(error?.code == .invalidData)
  }

  @Test(arguments: [0, 1, 255, 256, 257, 16_383, 16_384, 16_385, 100_000])
  func `a message of the limit is taken and one byte more is not`(limit: Int) throws {
    var inflater = Inflater(windowBits: 15, keepsContext: true)
    let exact = limit == 0 ? [0x00] : DeflateSamples.zeros(limit)
    #expect(
      try inflater.inflate(exact, maximumBytes: limit) == Array(repeating: 0, count: limit))
    #expect(
      throws: ProtocolViolation(.messageTooBig, "a message is larger than \(limit) bytes")
    ) { try inflater.inflate(DeflateSamples.zeros(limit + 1), maximumBytes: limit) }
  }

  @Test func `a bomb of a GiB is stopped at the limit, with memory for no more`() {
    let limit = 1 << 20
    let bomb = DeflateSamples.zeros(1 << 30)
    #expect(bomb.count > 6 << 20)
    var inflater = Inflater(windowBits: 15, keepsContext: true)
    var output = ByteBuffer()
    #expect(
      throws: ProtocolViolation(.messageTooBig, "a message is larger than \(limit) bytes")
    ) { try inflater.feed(bomb, into: &output, maximumBytes: limit) }
    #expect(output.readableBytes == limit)
    #expect(output.capacity <= 2 * limit)
  }

  @Test func `one step gives no more than a chunk`() throws {
    var inflater = Inflater(windowBits: 15, keepsContext: true)
    var output = ByteBuffer()
    try DeflateSamples.zeros(1 << 20).withUnsafeBytes { all in
      var input = all
      var before = 0
      while try inflater.step(&input, into: &output, maximumBytes: .max) {
        #expect(output.readableBytes - before <= Inflater.chunkBytes)
        before = output.readableBytes
      }
    }
    #expect(output.readableBytes == 1 << 20)
  }

  @Test func `no bytes trap, hang or give more than the limit`() {
    for seed in 0..<2_000 as Range<UInt64> {
      var random = RandomSource(seed: seed)
      var bytes = DeflateSamples.noise(Int.random(in: 0...200, using: &random), seed: seed)
      if seed % 2 == 0 {
        // A good message with one byte changed gets further in.
        var deflater = Deflater(
          settings: .init(), windowBits: 15, keepsContext: true)
        let text = ByteBuffer(string: DeflateSamples.text(1_000, seed: seed))
        bytes = deflater.deflate(text).map { Array($0.readableBytesView) } ?? bytes
        if !bytes.isEmpty {
          let place = Int.random(in: bytes.indices, using: &random)
          bytes[place] ^= UInt8.random(in: 1...255, using: &random)
        }
      }
      var inflater = Inflater(windowBits: 9 + Int(seed % 7), keepsContext: seed % 3 == 0)
      let size = Int.random(in: 1...64, using: &random)
      for _ in 0..<3 {
        do {
          #expect(try inflater.inflate(bytes, size: size, maximumBytes: 5_000).count <= 5_000)
        } catch {
          #expect([.invalidData, .messageTooBig].contains(error.code), "seed \(seed)")
          break
        }
      }
    }
  }

  private let notDeflate = ProtocolViolation(
    .invalidData, "a compressed message is not valid deflate data")
}

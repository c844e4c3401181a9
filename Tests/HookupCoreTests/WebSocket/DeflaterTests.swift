import NIOCore
import Testing

@testable import HookupCore

@Suite struct DeflaterTests {
  private func settings(
    level: Int = 6, memoryLevel: Int = 5, minimumBytes: Int = 0
  ) -> CompressionSettings {
    var settings = CompressionSettings()
    (settings.level, settings.memoryLevel) = (level, memoryLevel)
    settings.minimumBytes = minimumBytes
    return settings
  }

  @Test func `a message becomes the bytes of the RFC, and the next one refers to it`() throws {
    var deflater = Deflater(settings: settings(), windowBits: 15, keepsContext: true)
    // "Hello" alone does not become smaller (RFC 7692 §7.2.3.1); three of them do.
    let text = ByteBuffer(string: "HelloHelloHello")
    let first = try deflater.compress(text)
    #expect(first.readableBytesView.starts(with: [0xF2, 0x48, 0xCD, 0xC9, 0xC9]))
    #expect(first.readableBytes <= 10)
    let second = try deflater.compress(text)
    #expect(second.readableBytes < first.readableBytes)
  }

  @Test func `below the threshold nothing is compressed, and no memory is taken`() {
    var deflater = Deflater(
      settings: settings(minimumBytes: 100), windowBits: 12, keepsContext: true)
    #expect(deflater.deflate(ByteBuffer(repeating: 0x41, count: 99)) == nil)
    #expect(!deflater.isAllocated)
    #expect(deflater.deflate(ByteBuffer(repeating: 0x41, count: 100)) != nil)
    #expect(deflater.isAllocated)
    deflater.release()
    #expect(!deflater.isAllocated)
  }

  @Test(arguments: [0, 1, 2, 5])
  func `what cannot become smaller goes as it is`(count: Int) {
    var deflater = Deflater(settings: settings(), windowBits: 12, keepsContext: true)
    #expect(deflater.deflate(ByteBuffer(bytes: DeflateSamples.noise(count))) == nil)
  }

  @Test func `without context no memory is held between messages, and each stands alone`() throws {
    var deflater = Deflater(settings: settings(), windowBits: 12, keepsContext: false)
    let text = ByteBuffer(string: DeflateSamples.text(1_000))
    let first = try deflater.compress(text)
    #expect(!deflater.isAllocated)
    #expect(deflater.deflate(text) == first)
    #expect(deflater.deflate(ByteBuffer(bytes: DeflateSamples.noise(1_000))) == nil)
    #expect(!deflater.isAllocated)
  }

  /// The peer does not see what was not sent compressed, and nothing may refer to it.
  @Test(arguments: [1, 6, 9], [9, 12, 15])
  func `messages that did not shrink leave the next ones readable`(level: Int, bits: Int) throws {
    var deflater = Deflater(
      settings: settings(level: level), windowBits: bits, keepsContext: true)
    var inflater = Inflater(windowBits: bits, keepsContext: true)
    var plain = 0
    for round in 0..<60 {
      // Noise, text, and later the very same noise beside text: tempting to refer to.
      let noise = DeflateSamples.noise(300, seed: UInt64(round % 7))
      let text = Array(DeflateSamples.text(400, seed: UInt64(round % 5)).utf8)
      let message = [noise, text, noise + text, text + noise][round % 4]
      if let deflated = deflater.deflate(ByteBuffer(bytes: message)) {
        #expect(deflated.readableBytes < message.count)
        #expect(try inflater.inflate(deflated) == message, "round \(round)")
      } else {
        plain += 1
      }
    }
    #expect(plain >= 7)
    #expect(plain < 45)
  }

  @Test func `copies do not see one another's messages`() throws {
    var one = Deflater(settings: settings(), windowBits: 15, keepsContext: true)
    let text = ByteBuffer(string: DeflateSamples.text(500))
    _ = one.deflate(text)
    var other = one
    let different = ByteBuffer(string: DeflateSamples.text(500, seed: 9))
    _ = other.deflate(different)
    var inflater = Inflater(windowBits: 15, keepsContext: true)
    var fresh = Deflater(settings: settings(), windowBits: 15, keepsContext: true)
    _ = try inflater.inflate(try fresh.compress(text))
    let again = try one.compress(different)
    #expect(try inflater.inflate(again) == Array(different.readableBytesView))
  }

  @Test(arguments: [9, 12, 15], [1, 5, 9])
  func `large messages come back whole`(bits: Int, memoryLevel: Int) throws {
    var deflater = Deflater(
      settings: settings(memoryLevel: memoryLevel), windowBits: bits, keepsContext: true)
    var inflater = Inflater(windowBits: bits, keepsContext: true)
    for count in [100_000, 1, 70_000, 16_384, 300_000] {
      let text = DeflateSamples.text(count, seed: UInt64(count))
      guard let deflated = deflater.deflate(ByteBuffer(string: text)) else { continue }
      #expect(deflated.readableBytes < count * 3 / 4)
      #expect(try inflater.inflate(deflated) == Array(text.utf8))
    }
  }
}

import NIOCore
import Testing

@testable import hookup_bench

@Suite struct StampTests {
  @Test(arguments: [0, 1, 63, 64, 4_095, 1_234_567_890, Stamp.modulus - 1])
  func `a number is read back`(_ number: UInt64) {
    #expect(Stamp.number(Stamp.word(number)) == number)
  }

  @Test func `numbers are taken modulo 2^42`() {
    #expect(Stamp.word(Stamp.modulus + 5) == Stamp.word(5))
  }

  @Test func `a stamp is plain text that nobody takes for JSON`() {
    for number in [0, 43, 1 << 41, Stamp.modulus - 1] as [UInt64] {
      var buffer = ByteBuffer()
      buffer.writeInteger(Stamp.word(number))
      #expect(buffer.readableBytesView.allSatisfy { (0x30...0x6F).contains($0) })
      #expect(buffer.readableBytesView.first == UInt8(ascii: "m"))
    }
  }

  @Test func `what is no stamp has no number`() {
    #expect(Stamp.number(0) == nil)
    #expect(Stamp.number(Stamp.word(9) | 0x80) == nil)
    #expect(Stamp.number(Stamp.word(9) ^ 1 << 56) == nil)
  }

  @Test func `elapsed time goes over the wrap`() {
    #expect(Stamp.elapsed(since: 5, now: 12) == 7)
    #expect(Stamp.elapsed(since: Stamp.modulus - 2, now: Stamp.modulus + 8) == 10)
    #expect(Stamp.elapsed(since: Stamp.modulus - 2, now: 8) == 10)
  }

  @Test(arguments: [16, 17, 100, 16_384])
  func `a payload has the size asked for and room for two stamps`(_ bytes: Int) {
    let payload = Stamp.payload(bytes: bytes)
    #expect(payload.readableBytes == bytes)
    #expect(payload.getInteger(at: 8) == Stamp.word(0))
    #expect(payload.getString(at: 0, length: bytes)?.utf8.count == bytes)
  }
}

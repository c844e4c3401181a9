import NIOCore
import Testing

@testable import HookupCore

@Suite struct FrameMaskTests {
  /// RFC 6455 §5.7: "Hello", masked.
  @Test func `the RFC's example is unmasked`() {
    var buffer = ByteBuffer(bytes: [0x7F, 0x9F, 0x4D, 0x51, 0x58])
    FrameMask(key: 0x37FA_213D).apply(to: &buffer, at: 0, count: 5)
    #expect(buffer == ByteBuffer(string: "Hello"))
  }

  @Test func `any length at any phase comes out as byte by byte, and nothing else is touched`() {
    let key: [UInt8] = [0x12, 0x34, 0x56, 0x78]
    let mask = FrameMask(key: 0x1234_5678)
    for count in 0..<35 {
      for phase in 0..<9 {
        let plain = (0..<count + 6).map { UInt8($0) }
        var buffer = ByteBuffer(bytes: plain)
        buffer.moveReaderIndex(forwardBy: 1)
        mask.apply(to: &buffer, at: 3, count: count, phase: phase)
        let expected = plain.enumerated().map { index, byte in
          (3..<3 + count).contains(index) ? byte ^ key[(index - 3 + phase) % 4] : byte
        }
        #expect(buffer.getBytes(at: 1, length: count + 5) == Array(expected[1...]))
      }
    }
  }

  @Test func `the key of zeros changes nothing`() {
    var buffer = ByteBuffer(string: "plain")
    FrameMask(key: 0).apply(to: &buffer, at: 0, count: 5)
    #expect(buffer == ByteBuffer(string: "plain"))
  }
}

import Testing

@testable import HookupCore

@Suite struct CRC32CTests {
  private func checksum(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { CRC32C.checksum($0, seed: seed) }
  }

  @Test func `the published check values hold`() {
    // RFC 3720 appendix B.4, and the check value of the CRC catalogue.
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(checksum((0..<32).reversed()) == 0x113F_DB5C)
    #expect(checksum([]) == 0)
  }

  @Test func `the whole is the same however it is cut, at any length`() {
    var random = RandomSource(seed: 1)
    for length in 0..<70 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      let bitwise = ~bytes.reduce(UInt32.max) { crc, byte in
        (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in
          (crc >> 1) ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0)
        }
      }
      #expect(checksum(bytes) == bitwise)
      let cut = Int.random(in: 0...length, using: &random)
      var parts = CRC32C()
      bytes[..<cut].withUnsafeBytes { parts.update($0) }
      bytes[cut...].withUnsafeBytes { parts.update($0) }
      #expect(parts.value == bitwise)
    }
  }

  @Test func `another seed gives another checksum`() {
    let bytes = Array("the same bytes".utf8)
    #expect(Set((0..<100).map { checksum(bytes, seed: $0) }).count == 100)
  }
}

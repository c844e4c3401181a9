import NIOCore
import Testing

@testable import HookupCore

@Suite struct InstallationIdentityTests {
  private func bytes(_ identity: InstallationIdentity) -> [UInt8] {
    var buffer = ByteBuffer()
    identity.write(into: &buffer)
    return Array(buffer.readableBytesView)
  }

  private func read(_ bytes: [UInt8]) -> InstallationIdentity? {
    bytes.withUnsafeBytes { InstallationIdentity(reading: $0) }
  }

  @Test func `an identity is read back as it was written`() {
    let identity = InstallationIdentity(high: .max, low: 5, connections: 9)
    #expect(bytes(identity).count == InstallationIdentity.encodedBytes)
    #expect(read(bytes(identity)) == identity)
  }

  @Test func `the id is all 128 bits, with leading zeros`() {
    #expect(
      InstallationIdentity(high: 0xAB, low: 1, connections: 9).id
        == "00000000000000ab0000000000000001")
  }

  @Test func `a number beyond what JSON holds, or another length, is refused`() {
    #expect(read(bytes(InstallationIdentity(high: 1, low: 1, connections: 1 << 53))) == nil)
    #expect(read([]) == nil)
  }
}

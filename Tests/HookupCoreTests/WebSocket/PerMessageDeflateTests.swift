import NIOCore
import Testing

@testable import HookupCore

@Suite struct PerMessageDeflateTests {
  @Test func `each end compresses for the other one's window`() throws {
    let agreed = PerMessageDeflate(
      serverKeepsContext: true, clientKeepsContext: false, serverWindowBits: 15,
      clientWindowBits: 9)
    for role in [WebSocketRole.client, .server] {
      var deflater = try #require(agreed.deflater(for: role))
      var inflater = agreed.inflater(for: role == .client ? .server : .client)
      for text in [DeflateSamples.text(3_000), DeflateSamples.text(2_000)] {
        let deflated = try deflater.compress(ByteBuffer(string: text))
        #expect(try inflater.inflate(deflated) == Array(text.utf8))
      }
      #expect(deflater.isAllocated == (role == .server))
      #expect(inflater.isAllocated == (role == .server))
    }
  }

  @Test func `with a window that zlib cannot make, messages go as they are`() {
    let agreed = PerMessageDeflate(serverWindowBits: 8, clientWindowBits: 8)
    #expect(agreed.deflater(for: .server) == nil)
    #expect(agreed.deflater(for: .client) == nil)
  }

  @Test func `settings outside their ranges still compress`() throws {
    var settings = CompressionSettings()
    (settings.level, settings.windowBits, settings.memoryLevel) = (-3, 99, 0)
    let agreed = PerMessageDeflate(settings: settings)
    var deflater = try #require(agreed.deflater(for: .server))
    #expect(deflater.deflate(ByteBuffer(string: DeflateSamples.text(1_000))) != nil)
  }
}

import NIOCore
import Testing

@testable import HookupCore

@Suite struct Base64BufferTests {
  @Test func `buffers and arrays come to the same, at every length`() {
    var random = RandomSource(seed: 1)
    for count in 0...100 {
      let bytes = Fuzz.noise(count...count, using: &random)
      var buffer = ByteBuffer(string: "x")
      Base64.write(bytes.span, to: &buffer)
      #expect(String(buffer: buffer) == "x" + Base64.encode(bytes))
      let digits = Array(Base64.encode(bytes).utf8)
      #expect(Base64.decode(digits.span) == ByteBuffer(bytes: bytes))
    }
  }

  @Test(arguments: [
    "Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9v", "Zm9v\n",
    "Zm-_", "AAAA====", "=AAA",
  ])
  func `what is not whole and canonical is refused`(text: String) {
    let digits = Array(text.utf8)
    #expect(Base64.decode(digits.span) == nil)
  }
}

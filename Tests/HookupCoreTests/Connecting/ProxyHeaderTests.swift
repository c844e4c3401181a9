import NIOCore
import Testing

@testable import HookupCore

@Suite struct ProxyHeaderTests {
  static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

  static func binary(
    _ kind: UInt8, _ family: UInt8, _ body: [UInt8], length: Int? = nil
  ) -> [UInt8] {
    let length = length ?? body.count
    return signature + [kind, family, UInt8(length >> 8), UInt8(length & 0xFF)] + body
  }

  static let four: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 0x01, 0x02, 0, 80]
  static let six: [UInt8] =
    [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [9]
    + Array(repeating: 0, count: 16) + [0xFF, 0xFF, 0, 80]

  static func client(_ text: String, _ port: Int) -> ProxyHeader.Reading {
    .header(.client(ForwardedAddress(IPAddress(text)!, port: port)))
  }

  static let whole: [([UInt8], ProxyHeader.Reading)] = [
    (Array("PROXY TCP4 1.2.3.4 5.6.7.8 56324 443\r\n".utf8), client("1.2.3.4", 56_324)),
    (Array("PROXY TCP6 2001:db8::9 ::1 0 65535\r\n".utf8), client("2001:db8::9", 0)),
    (Array("PROXY TCP6 ::ffff:1.2.3.4 ::1 7 8\r\n".utf8), client("1.2.3.4", 7)),
    (Array("PROXY UNKNOWN\r\n".utf8), .header(.local)),
    (Array("PROXY UNKNOWN ffff::1 whatever 1 2\r\n".utf8), .header(.local)),
    (binary(0x21, 0x11, four), client("1.2.3.4", 258)),
    (binary(0x21, 0x11, four + Array(repeating: 7, count: 508)), client("1.2.3.4", 258)),
    (binary(0x21, 0x21, six), client("2001:db8::9", 65_535)),
    (binary(0x21, 0x31, Array(repeating: 65, count: 216)), .header(.local)),
    (binary(0x21, 0x00, []), .header(.local)),
    (binary(0x20, 0x00, []), .header(.local)),
    (binary(0x20, 0x11, four), .header(.local)),
    (binary(0x20, 0x77, [1, 2, 3]), .header(.local)),
  ]

  @Test(arguments: whole)
  func `a header is read, whole or byte by byte, and what follows is left`(
    bytes: [UInt8], reading: ProxyHeader.Reading
  ) {
    var all = ByteBuffer(bytes: bytes + Array("GET".utf8))
    #expect(ProxyHeader.read(from: &all) == reading)
    #expect(String(buffer: all) == "GET")
    var dribble = ByteBuffer()
    for byte in bytes.dropLast() {
      dribble.writeInteger(byte)
      let before = dribble
      #expect(ProxyHeader.read(from: &dribble) == .incomplete)
      #expect(dribble == before)
    }
    dribble.writeInteger(bytes.last ?? 0)
    #expect(ProxyHeader.read(from: &dribble) == reading)
    #expect(dribble.readableBytes == 0)
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\n", "PROXX", "proxy TCP4", "PROXY \r\n", "PROXY TCP4\r\n",
    "PROXY TCP5 1 2 3 4\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n",
    "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", "PROXY TCP4 1.2.3.04 5.6.7.8 1 2\r\n",
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", "PROXY TCP4 1.2.3.4 name 1 2\r\n", "\r\nx",
  ])
  func `what is no header is malformed`(text: String) {
    var buffer = ByteBuffer(string: text)
    guard case .malformed = ProxyHeader.read(from: &buffer) else {
      Issue.record("\(text) was taken")
      return
    }
    #expect(buffer.readableBytes == text.utf8.count)
  }

  @Test(arguments: [
    binary(0x11, 0x11, four), binary(0x22, 0x11, four), binary(0x21, 0x12, four),
    binary(0x21, 0x11, Array(four.dropLast())), binary(0x21, 0x21, four),
    binary(0x21, 0x31, four), binary(0x21, 0x11, four, length: 521),
    binary(0x21, 0x11, four, length: 65_535), binary(0x20, 0, [], length: 521),
  ])
  func `a binary header that makes no sense is malformed`(bytes: [UInt8]) {
    var buffer = ByteBuffer(bytes: bytes)
    guard case .malformed = ProxyHeader.read(from: &buffer) else {
      Issue.record("it was taken")
      return
    }
  }

  @Test func `a line is at most 107 bytes`() {
    let longest = "PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n"
    var buffer = ByteBuffer(string: longest)
    #expect(ProxyHeader.read(from: &buffer) == .header(.local))
    buffer = ByteBuffer(string: "PROXY UNKNOWN " + String(repeating: "x", count: 92) + "\r\n")
    #expect(ProxyHeader.read(from: &buffer) == .malformed("its line is too long"))
    buffer = ByteBuffer(string: String(longest.dropLast()))
    #expect(ProxyHeader.read(from: &buffer) == .incomplete)
  }

  @Test
  func `whatever comes, in whatever pieces, ends alike and waits for no more than the longest`() {
    Fuzz.rounds(2_000, "PROXY headers") { random, comment in
      var bytes = Self.whole.randomElement(using: &random)?.0 ?? []
      Fuzz.mutate(&bytes, using: &random)
      bytes += Fuzz.noise(0...5, using: &random)
      var whole = ByteBuffer(bytes: bytes)
      let reading = ProxyHeader.read(from: &whole)
      if reading == .incomplete {
        #expect(bytes.count < ProxyHeader.maximumBinaryBytes, comment)
      }
      var pieces = ByteBuffer()
      var last = ProxyHeader.Reading.incomplete
      for piece in Fuzz.pieces(of: bytes, size: nil, using: &random) {
        pieces.writeBytes(piece)
        if last == .incomplete { last = ProxyHeader.read(from: &pieces) }
      }
      switch (reading, last) {
      case (.malformed, .malformed): break
      default:
        #expect(reading == last, comment)
        #expect(whole == pieces, comment)
      }
    }
  }
}

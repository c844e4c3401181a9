import NIOCore
import Testing

@testable import HookupCore

@Suite struct CloseBodyTests {
  @Test func `a code and a reason go both ways`() throws {
    let body = CloseBody(code: .goingAway, reason: "bye ☂")
    #expect(body.encoded() == ByteBuffer(bytes: [0x03, 0xE9] + Array("bye ☂".utf8)))
    #expect(try CloseBody(decoding: body.encoded()) == body)
  }

  @Test func `nothing means no status, both ways`() throws {
    #expect(try CloseBody(decoding: ByteBuffer()).code == .noStatus)
    #expect(CloseBody(code: .noStatus, reason: "unsent").encoded().readableBytes == 0)
    #expect(CloseBody(code: .noStatus, reason: "unsent").reason == "")
  }

  @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] as [UInt16])
  func `a code that may not stand on the wire is refused, and sent as none`(code: UInt16) {
    #expect(throws: ProtocolViolation(.protocolError, "the close code \(code) is not allowed")) {
      try CloseBody(decoding: ByteBuffer(integer: code))
    }
    #expect(CloseBody(code: CloseCode(rawValue: code), reason: "x").encoded() == ByteBuffer())
  }

  @Test func `half a code is refused`() {
    #expect(throws: ProtocolViolation(.protocolError, "a close frame has half a code")) {
      try CloseBody(decoding: ByteBuffer(bytes: [0x03]))
    }
  }

  @Test(arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
  func `a reason that is no text is refused`(reason: [UInt8]) {
    #expect(throws: ProtocolViolation(.invalidData, "a close reason is not valid UTF-8")) {
      try CloseBody(decoding: ByteBuffer(bytes: [0x03, 0xE8] + reason))
    }
  }

  @Test func `a long reason is cut between characters to fit a control frame`() {
    let body = CloseBody(code: .normal, reason: "a" + String(repeating: "é", count: 100))
    #expect(body.reason == "a" + String(repeating: "é", count: 61))
    #expect(body.encoded().readableBytes == 125)
    let exact = String(repeating: "b", count: 123)
    #expect(CloseBody(code: .normal, reason: exact).reason == exact)
  }
}

import NIOCore
import Testing

@testable import HookupCore

@Suite struct BodyExcerptTests {
  @Test(
    arguments: [
      ([("Content-Length", "5")], "hello and more", "hello", true),
      ([("Content-Length", "9")], "hello", "hello", false),
      ([("Content-Length", "0")], "hello", "", true), ([("Content-Length", "-3")], "x", "", true),
      ([("Content-Length", "x")], "hello", "hello", false), ([], "hello", "hello", false),
      ([], " a\r\n\t b \u{1B}[31mc\u{202E}\u{2028}d ", "a b [31mc d", false),
      ([], "\u{89}PNG\u{0}", "", false),
      (
        [("Transfer-Encoding", "gzip, Chunked")], "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
        "hello world", true
      ),
      ([("Transfer-Encoding", "chunked")], "5\r\nhel", "hel", false),
      ([("Transfer-Encoding", "chunked")], "zz\r\nhello", "", true),
      ([("Transfer-Encoding", "chunked")], "7fffffffffffffff\r\nhello", "hello", false),
      ([("Transfer-Encoding", "chunked")], "-5\r\nhello", "", true),
      ([("Transfer-Encoding", "chunked")], "5\r\nhello", "hello", false),
    ] as [(WebSocketHandshake.Headers, String, String, Bool)])
  func `a body is shown on one line, whole or in pieces`(
    headers: WebSocketHandshake.Headers, body: String, text: String, isComplete: Bool
  ) {
    let head = HTTPResponseHead(status: 400, phrase: "", headers: headers)
    var whole = BodyExcerpt(of: head)
    whole.receive(ByteBuffer(string: body))
    #expect(whole.text == text)
    #expect(whole.isComplete == isComplete)
    var pieces = BodyExcerpt(of: head)
    for byte in body.utf8 { pieces.receive(ByteBuffer(bytes: [byte])) }
    #expect(pieces.text == text)
    #expect(pieces.isComplete == isComplete)
  }

  @Test func `not more than the limits are collected and shown`() {
    var excerpt = BodyExcerpt(of: HTTPResponseHead(status: 500, phrase: "", headers: []))
    excerpt.receive(ByteBuffer(repeating: UInt8(ascii: "a"), count: BodyExcerpt.maximumBytes - 1))
    #expect(!excerpt.isComplete)
    excerpt.receive(ByteBuffer(repeating: UInt8(ascii: "a"), count: 100_000))
    #expect(excerpt.isComplete)
    #expect(excerpt.text == String(repeating: "a", count: BodyExcerpt.maximumLength) + "…")
  }

  @Test(arguments: [204, 304]) func `some answers have no body`(status: Int) {
    #expect(BodyExcerpt(of: HTTPResponseHead(status: status, phrase: "", headers: [])).isComplete)
  }
}

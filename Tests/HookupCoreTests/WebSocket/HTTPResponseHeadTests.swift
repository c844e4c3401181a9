import NIOCore
import Testing

@testable import HookupCore

@Suite struct HTTPResponseHeadTests {
  static let answer =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Empty:\r\nX-Two:  a b \t\r\n\r\n"

  @Test func `a head cut anywhere is read, and what follows is left over`() throws {
    let bytes = Array((Self.answer + "frames").utf8)
    for cut in 0...bytes.count {
      var reader = HTTPResponseReader(peer: "h:80")
      var rest = ByteBuffer()
      var result = try reader.receive(ByteBuffer(bytes: bytes[..<cut]))
      if result == nil {
        result = try reader.receive(ByteBuffer(bytes: bytes[cut...]))
      } else {
        rest = ByteBuffer(bytes: bytes[cut...])
      }
      let (head, behind) = try #require(result)
      #expect(head.status == 101)
      #expect(head.phrase == "Switching Protocols")
      #expect(head.headers.map(\.name) == ["Upgrade", "X-Empty", "X-Two"])
      #expect(head.headers.map(\.value) == ["websocket", "", "a b"])
      #expect(String(buffer: behind) + String(buffer: rest) == "frames")
    }
  }

  @Test func `a head byte by byte is read`() throws {
    var reader = HTTPResponseReader(peer: "h:80")
    for byte in Self.answer.utf8.dropLast() {
      #expect(try reader.receive(ByteBuffer(bytes: [byte])) == nil)
    }
    #expect(try reader.receive(ByteBuffer(string: "\n"))?.head.status == 101)
  }

  @Test func `a status without words is read`() throws {
    var reader = HTTPResponseReader(peer: "h:80")
    let head = try #require(try reader.receive(ByteBuffer(string: "HTTP/1.0 404\r\n\r\n"))).head
    #expect(head.status == 404)
    #expect(head.phrase == "")
  }

  @Test(arguments: [
    ("SSH-2.0-x\r\n", "h:80 does not speak HTTP"), ("\u{15}\u{3}", "h:80 does not speak HTTP"),
    ("HTTX", "does not speak HTTP"), ("HTTP/1.1 99 x\r\n\r\n", "'HTTP/1.1 99 x'"),
    ("HTTP/1.1 abc x\r\n\r\n", "'HTTP/1.1 abc x'"), ("HTTP/1.1\r\n\r\n", "'HTTP/1.1'"),
    ("HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n", "bad header line 'bad name: x'"),
    ("HTTP/1.1 200 OK\r\n folded\r\n\r\n", "bad header line ' folded'"),
    ("HTTP/1.1 200 OK\r\nnocolon\r\n\r\n", "bad header line 'nocolon'"),
    ("HTTP/1.1 200 OK\r\n: x\r\n\r\n", "bad header line ': x'"),
  ])
  func `what is no head is refused`(text: String, problem: String) {
    var reader = HTTPResponseReader(peer: "h:80")
    let error = #expect(throws: HookupError.self) { try reader.receive(ByteBuffer(string: text)) }
    #expect(error?.code == .handshakeFailed)
    #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
  }

  @Test func `a head beyond the limit is refused, whole or not`() throws {
    let start = "HTTP/1.1 200 OK\r\nX: "
    let fill = String(repeating: "a", count: 16_384 - start.utf8.count - 4)
    var exact = HTTPResponseReader(peer: "h:80")
    #expect(try exact.receive(ByteBuffer(string: start + fill + "\r\n\r\n")) != nil)
    var whole = HTTPResponseReader(peer: "h:80")
    #expect(throws: HookupError.self) {
      try whole.receive(ByteBuffer(string: start + fill + "a\r\n\r\n"))
    }
    var endless = HTTPResponseReader(peer: "h:80")
    #expect(try endless.receive(ByteBuffer(string: start + fill)) == nil)
    #expect(throws: HookupError.self) { try endless.receive(ByteBuffer(string: "aaaa")) }
  }

  @Test func `interim answers are passed over, up to the limit`() throws {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    let limit = HTTPResponseReader.maximumInterim
    let text = String(repeating: interim, count: limit) + Self.answer + "frames"
    var whole = HTTPResponseReader(peer: "h:80")
    let (head, rest) = try #require(try whole.receive(ByteBuffer(string: text)))
    #expect(head.status == 101)
    #expect(String(buffer: rest) == "frames")
    var slow = HTTPResponseReader(peer: "h:80")
    var found: HTTPResponseHead?
    for byte in text.utf8.dropLast(6) { found = try slow.receive(ByteBuffer(bytes: [byte]))?.head }
    #expect(found?.status == 101)
    var endless = HTTPResponseReader(peer: "h:80")
    let error = #expect(throws: HookupError.self) {
      try endless.receive(ByteBuffer(string: String(repeating: interim, count: limit + 1)))
    }
    #expect(error?.message == "h:80 sent more than 8 interim answers to the handshake")
  }

  @Test func `the number of fields is bounded`() throws {
    let limit = HTTPResponseReader.maximumFields
    let fields = String(repeating: "A: b\r\n", count: limit)
    var exact = HTTPResponseReader(peer: "h:80")
    let head = try #require(
      try exact.receive(ByteBuffer(string: "HTTP/1.1 101 x\r\n\(fields)\r\n"))
    ).head
    #expect(head.headers.count == limit)
    var beyond = HTTPResponseReader(peer: "h:80")
    let error = #expect(throws: HookupError.self) {
      try beyond.receive(ByteBuffer(string: "HTTP/1.1 101 x\r\n\(fields)A: b\r\n\r\n"))
    }
    #expect(error?.message == "h:80 answered the handshake with more than 128 header fields")
  }
}

import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite struct RequestHeadParserTests {
  private func parse(
    _ text: String, maximumBytes: Int = 1_024, maximumHeaders: Int = 8
  ) -> RequestHeadParser.Outcome {
    var parser = RequestHeadParser(maximumBytes: maximumBytes, maximumHeaders: maximumHeaders)
    var buffer = ByteBuffer(string: text)
    return parser.parse(&buffer)
  }

  private func head(_ text: String) -> RequestHead? {
    if case .head(let head) = parse(text) { head } else { nil }
  }

  private func status(_ outcome: RequestHeadParser.Outcome) -> Int? {
    if case .refused(let status, _) = outcome { status.code } else { nil }
  }

  @Test func `a head is read with its path, query and headers in order`() {
    let head = head(
      "GET /chat/x?a=1?b HTTP/1.1\r\nHost: h\r\nX-A:  one \t\r\nx-a: two\r\nEmpty:\r\n\r\n")
    #expect(
      head
        == RequestHead(
          method: "GET", path: "/chat/x", query: "a=1?b", minorVersion: 1,
          headers: HeaderFields([
            .init(name: "Host", value: "h"), .init(name: "X-A", value: "one"),
            .init(name: "x-a", value: "two"), .init(name: "Empty", value: ""),
          ]), authority: Authority("h")))
  }

  @Test(
    arguments: [
      ("/", "/", nil), ("/?", "/", ""), ("http://h/p?q", "/p", "q"), ("WS://h:80", "/", nil),
      ("wss://h?x=1", "/", "x=1"), ("//evil/x", "//evil/x", nil),
    ] as [(String, String, String?)])
  func `a target is taken in origin form and absolute form`(
    target: String, path: String, query: String?
  ) {
    let head = head("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(head?.path == path)
    #expect(head?.query == query)
  }

  @Test(
    arguments: [
      ("/", "a:1", "a", 1), ("http://B.example:8/", "a", "b.example", 8),
      ("ws://[::1]/", "a", "[::1]", nil),
    ] as [(String, String, String, Int?)])
  func `the host of the target wins over the header`(
    target: String, header: String, host: String, port: Int?
  ) {
    let head = head("GET \(target) HTTP/1.1\r\nHost: \(header)\r\n\r\n")
    #expect(head?.authority?.host == host)
    #expect(head?.authority?.port == port)
  }

  @Test(arguments: ["", "a b", "user@h", "h/x", "h:port", "h:99999", "[::1", "[x]", "é", "h:1:2"])
  func `a malformed host is refused, in the header and in the target`(host: String) {
    #expect(status(parse("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")) == 400)
    #expect(status(parse("GET / HTTP/1.1\r\nHost: \(host)\r\nHost: h\r\n\r\n")) == 400)
    guard host != "h/x" else { return }
    #expect(status(parse("GET http://\(host)/ HTTP/1.1\r\nHost: h\r\n\r\n")) == 400)
  }

  @Test(arguments: [
    "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
    " GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /\r\nHost: h\r\n\r\n",
    "GET HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET / http/1.1\r\nHost: h\r\n\r\n",
    "GET / HTTP/1.10\r\nHost: h\r\n\r\n",
    "GET / HTTP/x.1\r\nHost: h\r\n\r\n",
    "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /#x HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /ü HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /\u{7F} HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\n folded: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA: \u{0}\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA: b\nB: c\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA: b\rB: c\r\n\r\n",
    "GET / HTTP/1.1\nHost: h\n\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  ])
  func `a malformed head is answered 400`(text: String) {
    #expect(status(parse(text)) == 400)
  }

  @Test func `an unknown major version is answered 505`() {
    #expect(status(parse("GET / HTTP/2.0\r\nHost: h\r\n\r\n")) == 505)
  }

  @Test func `the limits on bytes and lines hold exactly`() {
    let fixed = "GET / HTTP/1.1\r\nHost: h\r\nA: \r\n\r\n".utf8.count
    func request(padding: Int) -> String {
      "GET / HTTP/1.1\r\nHost: h\r\nA: " + String(repeating: "x", count: padding) + "\r\n\r\n"
    }
    #expect(status(parse(request(padding: 100), maximumBytes: fixed + 100)) == nil)
    #expect(status(parse(request(padding: 101), maximumBytes: fixed + 100)) == 431)
    // The end need not have come to know that it is too much.
    #expect(status(parse(String(repeating: "x", count: 100), maximumBytes: 100)) == 431)
    #expect(parse(String(repeating: "x", count: 99), maximumBytes: 100) == .incomplete)

    let lines = (1...7).map { "H\($0): x\r\n" }.joined()
    #expect(status(parse("GET / HTTP/1.1\r\nHost: h\r\n\(lines)\r\n")) == nil)
    #expect(status(parse("GET / HTTP/1.1\r\nHost: h\r\n\(lines)H8: x\r\n\r\n")) == 431)
  }

  @Test func `a head that comes byte by byte is found at its last byte, and what follows is left`()
  {
    var parser = RequestHeadParser(maximumBytes: 1_024, maximumHeaders: 8)
    var buffer = ByteBuffer()
    let first = "\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    for byte in first.utf8.dropLast() {
      buffer.writeInteger(byte)
      #expect(parser.parse(&buffer) == .incomplete)
    }
    buffer.writeString("\nGET /b HTTP/1.0\r\n\r\nrest")
    guard case .head(let a) = parser.parse(&buffer), case .head(let b) = parser.parse(&buffer)
    else {
      Issue.record("two heads were sent")
      return
    }
    #expect(a.path == "/a")
    #expect(b.path == "/b")
    #expect(parser.parse(&buffer) == .incomplete)
    #expect(String(buffer: buffer) == "rest")
  }

  @Test func `an empty line in front of a request may be cut in two`() {
    var parser = RequestHeadParser(maximumBytes: 64, maximumHeaders: 2)
    var buffer = ByteBuffer()
    for byte in "\r\n\r\nGET / HTTP/1.0\r\n\r".utf8 {
      buffer.writeInteger(byte)
      #expect(parser.parse(&buffer) == .incomplete)
    }
    buffer.writeInteger(UInt8(ascii: "\n"))
    guard case .head = parser.parse(&buffer) else {
      Issue.record("no head")
      return
    }
  }

  @Test func `what was read is not kept, however many empty lines come`() {
    var parser = RequestHeadParser(maximumBytes: 1_024, maximumHeaders: 2)
    // Cut in their middle, so that there is never nothing left.
    var buffer = ByteBuffer(string: "\r")
    for _ in 0..<2_000 {
      buffer.writeString(String(repeating: "\n\r", count: 50))
      #expect(parser.parse(&buffer) == .incomplete)
      #expect(buffer.readableBytes == 1)
    }
    #expect(buffer.storageCapacity <= 1_024)
  }

  @Test func `any bytes in any pieces come to the same`() {
    let seed = UInt64.random(in: 0...0xFFFF_FFFF)
    var random = RandomSource(seed: seed)
    let seeds = [
      "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET /%00 HTTP/1.1\r\nA: b\r\nHost: h\r\n\r\n",
      "\r\n\r\nGET ws://h/ HTTP/1.1\r\nHost: h\r\n\r\nrest", "POST * HTTP/2.0\r\nHost:h\r\n\r\n",
    ]
    var heads = 0
    for round in 0..<2_000 {
      var bytes = Array((seeds.randomElement(using: &random) ?? "").utf8)
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 0...6, using: &random))
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 1: bytes.removeSubrange(place..<end)
        case 2:
          bytes.insert([0, 10, 13, 32, 58, 255].randomElement(using: &random) ?? 0, at: place)
        default: if place < bytes.count { bytes[place] = .random(in: 0...255, using: &random) }
        }
      }
      let whole = Self.outcome(of: bytes, size: bytes.count)
      #expect(Self.outcome(of: bytes, size: 1) == whole, "seed \(seed) round \(round): \(bytes)")
      let size = Int.random(in: 2...9, using: &random)
      #expect(Self.outcome(of: bytes, size: size) == whole, "seed \(seed) round \(round): \(bytes)")
      if case .head = whole { heads += 1 }
    }
    #expect(heads > 200)
  }

  /// Of a head within small limits, fed in pieces. Of refusals only the status: a large head may be malformed as well.
  private static func outcome(of bytes: [UInt8], size: Int) -> RequestHeadParser.Outcome {
    var parser = RequestHeadParser(maximumBytes: 64, maximumHeaders: 2)
    var buffer = ByteBuffer()
    for start in stride(from: 0, to: bytes.count, by: max(1, size)) {
      buffer.writeBytes(bytes[start..<min(start + size, bytes.count)])
      switch parser.parse(&buffer) {
      case .incomplete: continue
      case .refused(let status, _): return .refused(status: status, reason: "")
      case .head(let head): return .head(head)
      }
    }
    return .incomplete
  }

  @Test(arguments: [
    ("HTTP/1.1\r\nHost: h", true), ("HTTP/1.0\r\nHost: h", false),
    ("HTTP/1.1\r\nHost: h\r\nConnection: Close", false),
    ("HTTP/1.1\r\nHost: h\r\nConnection: x, close", false),
    ("HTTP/1.1\r\nHost: h\r\nContent-Length: 0", true),
    ("HTTP/1.1\r\nHost: h\r\nContent-Length: 3", false),
    ("HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked", false),
  ])
  func `a connection is kept for another request unless that is unsafe or unwanted`(
    rest: String, keeps: Bool
  ) {
    #expect(head("GET / \(rest)\r\n\r\n")?.keepsAlive == keeps)
  }
}

import NIOCore
import Testing

@testable import HookupCore

/// What a hostile server may answer, and what either side may say about extensions.
@Suite struct HandshakeFuzzTests {
  private static let answers = [
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nrest",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Yes\r\nA: b\r\n\r\n",
    "HTTP/1.0 503 \r\nRetry-After: 5\r\nContent-Length: 3\r\n\r\nno\n",
    "HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/é\r\n\r\n",
  ]

  @Test func `any answer in any pieces is read the same, or refused the same`() {
    var heads = 0
    Fuzz.rounds(1_000, "answers") { random, place in
      var bytes = Array((Self.answers.randomElement(using: &random) ?? "").utf8)
      Fuzz.mutate(&bytes, using: &random)
      let whole = Self.read([bytes[...]])
      let bytewise = Self.read(Fuzz.pieces(of: bytes, size: 1, using: &random))
      let pieces = Self.read(Fuzz.pieces(of: bytes, size: nil, using: &random))
      #expect(bytewise == whole && pieces == whole, place)
      if whole.hasPrefix("head") { heads += 1 }
    }
    #expect(heads > 0)
  }

  private static func read(_ pieces: [ArraySlice<UInt8>]) -> String {
    var reader = HTTPResponseReader(peer: "host:1")
    for (index, piece) in pieces.enumerated() {
      do throws(HookupError) {
        guard let (head, rest) = try reader.receive(ByteBuffer(bytes: piece)) else { continue }
        let unread = pieces[(index + 1)...].flatMap { $0 }
        return "head \(head) rest \(Array(rest.readableBytesView) + unread)"
      } catch {
        return "refused \(error.code)"
      }
    }
    return "incomplete"
  }

  @Test func `endless answers are refused at their bound`() {
    for filler in ["a", "A: b\r\n", "\r", "\n", "\r\n\r"] {
      var reader = HTTPResponseReader(peer: "host:1")
      var sent = 0
      var isRefused = false
      var piece = ByteBuffer(string: "HTTP/1.1 200 OK\r\nX: ")
      while !isRefused, sent < 1 << 20 {
        do throws(HookupError) {
          isRefused = try reader.receive(piece) != nil
          sent += piece.readableBytes
          piece = ByteBuffer(string: filler)
        } catch {
          isRefused = true
        }
      }
      #expect(sent <= HTTPResponseReader.maximumBytes, "\(filler.debugDescription)")
    }
  }

  @Test func `what is read of extensions reads the same when it is written down`() {
    let fields = [
      "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
      "permessage-deflate; server_no_context_takeover, x-other; a=\"b\"; c",
      "a;b;c=d,,,e", "permessage-deflate;client_max_window_bits=\"\\9\"",
    ]
    var understood = 0
    Fuzz.rounds(5_000, "extensions") { random, place in
      var bytes = Array((fields.randomElement(using: &random) ?? "").utf8)
      Fuzz.mutate(&bytes, using: &random)
      let field = String(decoding: bytes, as: UTF8.self)
      // Whatever it says, both sides come to a decision.
      _ = try? PerMessageDeflate.agree(on: [field], settings: CompressionSettings())
      guard let members = WebSocketExtension.parse([field]) else { return }
      _ = PerMessageDeflate.accept(members, settings: CompressionSettings())
      understood += 1
      #expect(WebSocketExtension.parse([Self.written(members)]) == members, place)
    }
    #expect(understood > 0)
  }

  private static func written(_ members: [WebSocketExtension]) -> String {
    members.map { member in
      var parts = [member.name]
      for parameter in member.parameters {
        parts.append(parameter.value.map { parameter.name + "=" + $0 } ?? parameter.name)
      }
      return parts.joined(separator: "; ")
    }.joined(separator: ", ")
  }
}

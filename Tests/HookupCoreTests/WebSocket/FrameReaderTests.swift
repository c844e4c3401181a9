import NIOCore
import Testing

@testable import HookupCore

@Suite struct FrameReaderTests {
  /// What was read, with the places replaced by what lies there.
  enum Read: Equatable {
    case message(WireFrame)
    case control(FrameOpcode, String)
  }

  /// One of everything: all length forms, fragments with control frames between them, empty frames.
  static func stream(to role: WebSocketRole) -> [UInt8] {
    Sample.text("Hello", to: role)
      + Sample.frame(0x82, Array(repeating: 7, count: 200), to: role)
      + Sample.frame(0x01, Array("frag".utf8), to: role)
      + Sample.frame(0x89, Array("ping".utf8), to: role)
      + Sample.frame(0x00, [], to: role)
      + Sample.frame(0x8A, [], to: role)
      + Sample.frame(0x80, Array("ment €".utf8), to: role)
      + Sample.frame(0x81, [], to: role)
      + Sample.close(1000, "bye", to: role)
      + Sample.text("behind the close frame", to: role)
  }
  static let expected: [Read] = [
    .message(.text("Hello")), .message(.binary(Array(repeating: 7, count: 200))),
    .control(.ping, "ping"), .control(.pong, ""), .message(.text("fragment €")),
    .message(.text("")), .control(.close, "\u{3}\u{E8}bye"),
  ]

  @Test(arguments: [WebSocketRole.client, .server])
  func `a stream read at once gives its messages and control frames up to the close`(
    role: WebSocketRole
  ) throws {
    #expect(try read([Self.stream(to: role)[...]], role) == Self.expected)
  }

  @Test(arguments: [WebSocketRole.client, .server])
  func `a stream cut anywhere gives the same`(role: WebSocketRole) throws {
    let stream = Self.stream(to: role)
    for cut in 0...stream.count {
      #expect(try read([stream[..<cut], stream[cut...]], role) == Self.expected, "cut at \(cut)")
    }
  }

  @Test(arguments: [WebSocketRole.client, .server], [1, 2, 3, 5, 13])
  func `a stream in small pieces gives the same`(role: WebSocketRole, size: Int) throws {
    let stream = Self.stream(to: role)
    let pieces = stride(from: 0, to: stream.count, by: size).map {
      stream[$0..<min($0 + size, stream.count)]
    }
    #expect(try read(pieces, role) == Self.expected)
  }

  @Test func `a large frame with a long length may come in pieces`() throws {
    let payload = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
    let frame = Sample.frame(0x82, payload, to: .server)
    for cut in [1, 2, 5, 9, 13, 14, 15, 16, 1_001, frame.count - 1] {
      #expect(
        try read([frame[..<cut], frame[cut...]], .server) == [.message(.binary(payload))])
    }
  }

  @Test func `what came before a violation is kept`() {
    var reader = FrameReader(role: .server, maximumMessageBytes: 1_000)
    var items: [FrameReader.Item] = []
    var buffer = ByteBuffer(
      bytes: Sample.text("good", to: .server) + Sample.frame(0xC1, [], to: .server))
    #expect(throws: ProtocolViolation(.protocolError, "a reserved bit is set")) {
      try reader.read(&buffer, into: &items)
    }
    #expect(items == [.message(isText: true, 6..<10)])
  }

  @Test func `a message that is too large is refused when only its header is there`() {
    var reader = FrameReader(role: .client, maximumMessageBytes: 1_000)
    var items: [FrameReader.Item] = []
    var header = ByteBuffer(bytes: [0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
    #expect(throws: ProtocolViolation(.messageTooBig, "a message is larger than 1000 bytes")) {
      try reader.read(&header, into: &items)
    }
  }

  @Test func `bad text in an unfinished frame is refused when it comes`() {
    var reader = FrameReader(role: .client, maximumMessageBytes: 1_000)
    var items: [FrameReader.Item] = []
    var buffer = ByteBuffer(bytes: [0x81, 0x64, 0x41, 0xFF])
    #expect(throws: ProtocolViolation(.invalidData, "a text message is not valid UTF-8")) {
      try reader.read(&buffer, into: &items)
    }
  }

  @Test func `messages of one read share its memory`() throws {
    var reader = FrameReader(role: .client, maximumMessageBytes: 1_000)
    var items: [FrameReader.Item] = []
    var buffer = ByteBuffer(
      bytes: Sample.text("one", to: .client) + Sample.text("two", to: .client))
    try reader.read(&buffer, into: &items)
    #expect(items == [.message(isText: true, 2..<5), .message(isText: true, 7..<10)])
  }

  private func read(_ pieces: [ArraySlice<UInt8>], _ role: WebSocketRole) throws -> [Read] {
    var reader = FrameReader(role: role, maximumMessageBytes: 1 << 20)
    var all: [Read] = []
    for piece in pieces {
      var items: [FrameReader.Item] = []
      // In front of the read lie bytes that were consumed before.
      var buffer = ByteBuffer(bytes: [0xAA, 0xBB] + piece)
      buffer.moveReaderIndex(forwardBy: 2)
      try reader.read(&buffer, into: &items)
      all += items.map { Self.resolve($0, in: buffer) }
    }
    return all
  }

  private static func resolve(_ item: FrameReader.Item, in buffer: ByteBuffer) -> Read {
    let payload = { (place: Range<Int>) in
      buffer.getSlice(at: place.lowerBound, length: place.count) ?? ByteBuffer()
    }
    switch item {
    case .message(let isText, let place):
      return .message(isText ? .text(payload(place)) : .binary(payload(place)))
    case .assembled(let frame): return .message(frame)
    case .control(let opcode, let place): return .control(opcode, latin(payload(place)))
    case .gathered(let opcode, let payload): return .control(opcode, latin(payload))
    }
  }

  private static func latin(_ bytes: ByteBuffer) -> String {
    String(String.UnicodeScalarView(bytes.readableBytesView.map { Unicode.Scalar($0) }))
  }
}

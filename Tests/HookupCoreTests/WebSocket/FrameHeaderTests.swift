import NIOCore
import Testing

@testable import HookupCore

@Suite struct FrameHeaderTests {
  @Test(
    arguments: [
      (
        [0x81, 0x05],
        FrameHeader(isFinal: true, opcode: .text, mask: nil, payloadBytes: 5, headerBytes: 2)
      ),
      (
        [0x02, 0x7D],
        FrameHeader(isFinal: false, opcode: .binary, mask: nil, payloadBytes: 125, headerBytes: 2)
      ),
      (
        [0x80, 0x7E, 0x00, 0x7E],
        FrameHeader(
          isFinal: true, opcode: .continuation, mask: nil, payloadBytes: 126, headerBytes: 4)
      ),
      (
        [0x82, 0x7E, 0xFF, 0xFF],
        FrameHeader(isFinal: true, opcode: .binary, mask: nil, payloadBytes: 65_535, headerBytes: 4)
      ),
      (
        [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0],
        FrameHeader(
          isFinal: true, opcode: .binary, mask: nil, payloadBytes: 65_536, headerBytes: 10)
      ),
      (
        [0x82, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        FrameHeader(isFinal: true, opcode: .binary, mask: nil, payloadBytes: .max, headerBytes: 10)
      ),
      (
        [0x88, 0x00],
        FrameHeader(isFinal: true, opcode: .close, mask: nil, payloadBytes: 0, headerBytes: 2)
      ),
      (
        [0x89, 0x7D],
        FrameHeader(isFinal: true, opcode: .ping, mask: nil, payloadBytes: 125, headerBytes: 2)
      ),
      (
        [0x8A, 0x01],
        FrameHeader(isFinal: true, opcode: .pong, mask: nil, payloadBytes: 1, headerBytes: 2)
      ),
    ] as [([UInt8], FrameHeader)])
  func `a server's header is read as soon as it is whole`(bytes: [UInt8], header: FrameHeader)
    throws
  {
    for count in 0..<bytes.count {
      let part = ByteBuffer(bytes: bytes[..<count])
      #expect(try FrameHeader.read(from: part, at: 0, role: .client) == nil)
    }
    let whole = ByteBuffer(bytes: bytes + [0xAA])
    #expect(try FrameHeader.read(from: whole, at: 0, role: .client) == header)
  }

  @Test func `a client's header ends with its key`() throws {
    let buffer = ByteBuffer(bytes: [0xFF, 0x81, 0xFE, 0x01, 0x00, 0xA, 0xB, 0xC, 0xD])
    #expect(
      try FrameHeader.read(from: buffer, at: 1, role: .server)
        == FrameHeader(
          isFinal: true, opcode: .text, mask: FrameMask(key: 0x0A0B_0C0D), payloadBytes: 256,
          headerBytes: 8))
    let cut = ByteBuffer(bytes: [0x81, 0x80, 1, 2, 3])
    #expect(try FrameHeader.read(from: cut, at: 0, role: .server) == nil)
  }

  @Test(
    arguments: [
      ([0xC1, 0x00], "a reserved bit is set"), ([0xA1, 0x00], "a reserved bit is set"),
      ([0x91, 0x00], "a reserved bit is set"), ([0x83, 0x00], "the opcode 3 is reserved"),
      ([0x87, 0x00], "the opcode 7 is reserved"), ([0x8B, 0x00], "the opcode 11 is reserved"),
      ([0x8F, 0x00], "the opcode 15 is reserved"), ([0x81, 0x80], "a server's frame is masked"),
      ([0x09, 0x00], "a control frame is fragmented"),
      ([0x89, 0x7E], "a control frame is too long"),
      ([0x88, 0x7F], "a control frame is too long"),
      ([0x82, 0x7E, 0x00, 0x7D], "a length is not in its shortest form"),
      ([0x82, 0x7E, 0x00, 0x00], "a length is not in its shortest form"),
      ([0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], "a length is not in its shortest form"),
      ([0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0], "the highest bit of a length is set"),
      (
        [0x82, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        "the highest bit of a length is set"
      ),
    ] as [([UInt8], String)])
  func `a header that breaks a rule is refused`(bytes: [UInt8], reason: String) {
    #expect(throws: ProtocolViolation(.protocolError, reason)) {
      try FrameHeader.read(from: ByteBuffer(bytes: bytes), at: 0, role: .client)
    }
  }

  @Test func `the first frame of a message may be marked as compressed once that is agreed on`()
    throws
  {
    for (first, opcode) in [(0xC1, .text), (0x42, .binary)] as [(UInt8, FrameOpcode)] {
      let header = try FrameHeader.read(
        from: ByteBuffer(bytes: [first, 0x05]), at: 0, role: .client, allowsCompression: true)
      #expect(header?.isCompressed == true)
      #expect(header?.opcode == opcode)
    }
    let plain = try FrameHeader.read(
      from: ByteBuffer(bytes: [0x81, 0x05]), at: 0, role: .client, allowsCompression: true)
    #expect(plain?.isCompressed == false)
  }

  @Test(arguments: [0xA1, 0x91, 0xE1, 0xF1, 0xC0, 0x40, 0xC8, 0xC9, 0xCA] as [UInt8])
  func `other reserved bits, and marks on other frames, are refused all the same`(first: UInt8) {
    let error = #expect(throws: ProtocolViolation.self) {
      try FrameHeader.read(
        from: ByteBuffer(bytes: [first, 0x05]), at: 0, role: .client, allowsCompression: true)
    }
    #expect(error?.code == .protocolError)
  }

  @Test func `a client must mask`() {
    #expect(throws: ProtocolViolation(.protocolError, "a client's frame is not masked")) {
      try FrameHeader.read(from: ByteBuffer(bytes: [0x81, 0x05]), at: 0, role: .server)
    }
  }
}

import NIOCore
import Testing

@testable import HookupCore

@Suite struct MessageAssemblerTests {
  @Test func `fragments become one message of the first one's kind`() throws {
    var assembler = MessageAssembler(maximumBytes: 100)
    #expect(try assembler.take(.text, "a", isFinal: false) == nil)
    #expect(try assembler.take(.continuation, "", isFinal: false) == nil)
    #expect(try assembler.take(.continuation, "bc", isFinal: true) == .text("abc"))
    #expect(try assembler.take(.binary, "d", isFinal: false) == nil)
    #expect(try assembler.take(.continuation, "e", isFinal: true) == .binary(Array("de".utf8)))
  }

  @Test func `a continuation needs something to continue`() throws {
    var assembler = MessageAssembler(maximumBytes: 100)
    let nothing = ProtocolViolation(.protocolError, "a continuation frame continues nothing")
    #expect(throws: nothing) { try assembler.begin(.continuation, bytes: 0) }
    _ = try assembler.take(.text, "whole", isFinal: true)
    #expect(throws: nothing) { try assembler.begin(.continuation, bytes: 0) }
  }

  @Test(arguments: [FrameOpcode.text, .binary])
  func `a message must end before the next begins`(opcode: FrameOpcode) throws {
    var assembler = MessageAssembler(maximumBytes: 100)
    _ = try assembler.take(.text, "a", isFinal: false)
    #expect(
      throws: ProtocolViolation(.protocolError, "a message began before the last one ended")
    ) { try assembler.begin(opcode, bytes: 1) }
  }

  @Test func `the limit holds for the sum of what the headers announce`() throws {
    var assembler = MessageAssembler(maximumBytes: 10)
    _ = try assembler.take(.binary, "12345", isFinal: false)
    _ = try assembler.take(.continuation, "67890", isFinal: false)
    let tooBig = ProtocolViolation(.messageTooBig, "a message is larger than 10 bytes")
    #expect(throws: tooBig) { try assembler.begin(.continuation, bytes: 1) }
    var other = MessageAssembler(maximumBytes: 10)
    #expect(throws: tooBig) { try other.begin(.binary, bytes: .max) }
    var exact = MessageAssembler(maximumBytes: 10)
    #expect(try exact.take(.binary, "1234567890", isFinal: true) != nil)
    #expect(try exact.take(.binary, "1234567890", isFinal: true) != nil)
  }

  @Test func `endless empty fragments are ended`() throws {
    var assembler = MessageAssembler(maximumBytes: 160)
    #expect(assembler.maximumFragments == 1_034)
    _ = try assembler.take(.text, "", isFinal: false)
    for _ in 2...1_034 { _ = try assembler.take(.continuation, "", isFinal: false) }
    #expect(
      throws: ProtocolViolation(.policyViolation, "a message has more than 1034 fragments")
    ) { try assembler.begin(.continuation, bytes: 0) }
  }

  @Test func `text that cannot become valid fails as it arrives`() throws {
    var assembler = MessageAssembler(maximumBytes: 100)
    try assembler.begin(.text, bytes: 50)
    try assembler.append([0x41, 0xF4])
    #expect(throws: notUTF8) { try assembler.append([0x90]) }
  }

  @Test func `a character may be cut by fragments, but not by the message's end`() throws {
    var assembler = MessageAssembler(maximumBytes: 100)
    try assembler.begin(.text, bytes: 2)
    try assembler.append([0xE2, 0x82])
    #expect(try assembler.endFrame(isFinal: false) == nil)
    try assembler.begin(.continuation, bytes: 1)
    try assembler.append([0xAC])
    #expect(try assembler.endFrame(isFinal: true) == .text("€"))
    try assembler.begin(.text, bytes: 2)
    try assembler.append([0xE2, 0x82])
    #expect(throws: notUTF8) { try assembler.endFrame(isFinal: true) }
  }

  @Test func `a message in one frame is checked where it lies`() throws {
    var assembler = MessageAssembler(maximumBytes: 100)
    try assembler.begin(.text, bytes: 3)
    #expect(try assembler.takeWhole(ByteBuffer(bytes: [0xFF, 0x41, 0x42]), at: 1, count: 2))
    try assembler.begin(.binary, bytes: 1)
    #expect(try !assembler.takeWhole(ByteBuffer(bytes: [0xFF]), at: 0, count: 1))
    try assembler.begin(.text, bytes: 1)
    #expect(throws: notUTF8) { try assembler.takeWhole(ByteBuffer(bytes: [0xC3]), at: 0, count: 1) }
  }

  private let notUTF8 = ProtocolViolation(.invalidData, "a text message is not valid UTF-8")
}

extension MessageAssembler {
  fileprivate mutating func begin(
    _ opcode: FrameOpcode, bytes: Int
  ) throws(ProtocolViolation) {
    try beginFrame(
      FrameHeader(isFinal: true, opcode: opcode, mask: nil, payloadBytes: bytes, headerBytes: 2))
  }

  fileprivate mutating func append(_ bytes: [UInt8]) throws(ProtocolViolation) {
    try append(ByteBuffer(bytes: bytes), at: 0, count: bytes.count)
  }

  fileprivate mutating func take(
    _ opcode: FrameOpcode, _ payload: String, isFinal: Bool
  ) throws(ProtocolViolation) -> WireFrame? {
    try begin(opcode, bytes: payload.utf8.count)
    try append(Array(payload.utf8))
    return try endFrame(isFinal: isFinal)
  }
}

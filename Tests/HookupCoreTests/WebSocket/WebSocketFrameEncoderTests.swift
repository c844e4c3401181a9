import NIOCore
import Testing

@testable import HookupCore

@Suite struct WebSocketFrameEncoderTests {
  /// RFC 6455 §5.7.
  @Test func `the RFC's examples are encoded`() {
    #expect(
      WebSocketFrameEncoder.encode(.text(ByteBuffer(string: "Hello")))
        == ByteBuffer(bytes: [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]))
    var masked = ByteBuffer()
    let hello = WireFrame.text(ByteBuffer(string: "Hello"))
    WebSocketFrameEncoder.write(hello, maskingKey: 0x37FA_213D, into: &masked)
    #expect(
      masked
        == ByteBuffer(bytes: [
          0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58,
        ]))
    let binary = WebSocketFrameEncoder.encode(.binary(ByteBuffer(repeating: 7, count: 256)))
    #expect(binary.getBytes(at: 0, length: 4) == [0x82, 0x7E, 0x01, 0x00])
    let large = WebSocketFrameEncoder.encode(.binary(ByteBuffer(repeating: 7, count: 65_536)))
    #expect(large.getBytes(at: 0, length: 10) == [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0])
  }

  @Test(arguments: [0, 1, 125, 126, 65_535, 65_536], [nil, 0xDEAD_BEEF] as [UInt32?])
  func `what is written is read back, behind what was there`(count: Int, key: UInt32?) throws {
    let payload = ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0) })
    var output = ByteBuffer(string: "before")
    WebSocketFrameEncoder.write(.binary(payload), maskingKey: key, into: &output)
    #expect(output.readString(length: 6) == "before")
    var reader = FrameReader(role: key == nil ? .client : .server, maximumMessageBytes: 1 << 20)
    var items: [FrameReader.Item] = []
    try reader.read(&output, into: &items)
    guard case .message(isText: false, let place)? = items.first else {
      Issue.record("not a binary message: \(items)")
      return
    }
    #expect(output.getSlice(at: place.lowerBound, length: place.count) == payload)
    #expect(items.count == 1)
  }
}

@Suite struct CompressedFrameTests {
  private static let settings: CompressionSettings = {
    var settings = CompressionSettings()
    settings.minimumBytes = 10
    return settings
  }()

  @Test func `a compressed message is marked, one that is not worth it is not`() throws {
    var deflater = Deflater(settings: Self.settings, windowBits: 15, keepsContext: true)
    var output = ByteBuffer()
    deflater.write(.text(String(repeating: "a", count: 100)), maskingKey: nil, into: &output)
    #expect(output.getInteger(at: 0, as: UInt8.self) == 0xC1)
    #expect(output.readableBytes < 20)
    output.clear()
    deflater.write(.binary(Array(repeating: 7, count: 9)), maskingKey: nil, into: &output)
    #expect(output == ByteBuffer(bytes: [0x82, 9] + Array(repeating: 7, count: 9)))
  }

  @Test func `a client masks what it compressed`() throws {
    var deflater = Deflater(settings: Self.settings, windowBits: 15, keepsContext: true)
    var copy = deflater
    let text = String(repeating: "ab", count: 100)
    var output = ByteBuffer()
    deflater.write(.text(text), maskingKey: 0x37FA_213D, into: &output)
    let deflated = try copy.compress(ByteBuffer(string: text))
    #expect(
      Array(output.readableBytesView)
        == Sample.frame(0xC1, Array(deflated.readableBytesView), to: .server))
  }
}

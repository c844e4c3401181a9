import HookupCore
import NIOCore

/// `ack_request` frames of `jsonProtocol` that differ only in their ids, which count up from 1: written once, and then only
/// the digits that change.
struct AckRequestTemplate {
  private static let prefix: StaticString = #"{"type":"ack_request","id":"#
  private let content: ByteBuffer
  private var frame = ByteBuffer()
  private(set) var id: UInt64 = 0
  private var digits = 0

  /// - Parameter bytes: of the text inside, at least 16.
  init(bytes: Int) {
    content = Stamp.payload(bytes: bytes)
    write()
  }

  /// The frame of the next id.
  mutating func next() -> ByteBuffer {
    id += 1
    var index = Self.prefix.utf8CodeUnitCount + digits - 1
    while index >= Self.prefix.utf8CodeUnitCount,
      let digit = frame.getInteger(at: index, as: UInt8.self)
    {
      if digit < UInt8(ascii: "9") {
        frame.setInteger(digit + 1, at: index)
        return frame
      }
      frame.setInteger(UInt8(ascii: "0"), at: index)
      index -= 1
    }
    // One digit more.
    write()
    return frame
  }

  private mutating func write() {
    let number = String(id)
    digits = number.utf8.count
    frame = ByteBuffer()
    frame.writeStaticString(Self.prefix)
    frame.writeString(number)
    frame.writeStaticString(#","content":{"type":"text","content":""#)
    frame.writeImmutableBuffer(content)
    frame.writeStaticString(#""}}"#)
  }
}

/// Reads acks without a general JSON reader where they are spelled as usual.
enum AckFrame {
  private static let prefix = Array(#"{"type":"ack","id":"#.utf8)

  /// The id in an ack, however it is spelled; nil for anything else.
  static func id(in frame: WireFrame) -> UInt64? {
    guard case .text(let bytes) = frame else { return nil }
    if let id = usual(bytes) { return id }
    guard case .ack(let id) = JSONProtocolFormat().decode(frame) else { return nil }
    return id
  }

  private static func usual(_ buffer: ByteBuffer) -> UInt64? {
    let bytes = buffer.readableBytesUInt8Span
    let start = prefix.count
    // Up to 16 digits and a brace; more digits than that are no id.
    guard (start + 2...start + 17).contains(bytes.count) else { return nil }
    for index in 0..<start where bytes[index] != prefix[index] { return nil }
    let end = bytes.count - 1
    guard bytes[end] == UInt8(ascii: "}") else { return nil }
    var id: UInt64 = 0
    for index in start..<end {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      id = id * 10 + UInt64(digit)
    }
    return id > 0 ? id : nil
  }
}

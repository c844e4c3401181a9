import NIOCore

/// How far a receiver took the numbered messages of its peer: what it must remember to resume exactly there.
package struct ReceivedCursor: TwoSlotValue {
  /// The epoch of the peer's numbering; 0 before anything was received.
  package var epoch: UInt64
  /// The highest number that was received and taken, below 2^53; 0 for none.
  package var rx: UInt64
  /// The tag of that message; 0 for none.
  package var tag: UInt64

  package init(epoch: UInt64, rx: UInt64, tag: UInt64) {
    self.epoch = epoch
    self.rx = rx
    self.tag = tag
  }

  /// Before anything was received.
  package static let none = ReceivedCursor(epoch: 0, rx: 0, tag: 0)

  package static let magic: UInt64 = 0x0A56_4352_4F4B_4F48  // "HOKORCV\n"
  package static let encodedBytes = 24

  package func write(into buffer: inout ByteBuffer) {
    buffer.writeInteger(epoch, endianness: .little)
    buffer.writeInteger(rx, endianness: .little)
    buffer.writeInteger(tag, endianness: .little)
  }

  package init?(reading bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.encodedBytes else { return nil }
    epoch = bytes.littleEndian(UInt64.self, at: 0)
    rx = bytes.littleEndian(UInt64.self, at: 8)
    tag = bytes.littleEndian(UInt64.self, at: 16)
    guard rx < JournalSegmentName.sequenceLimit else { return nil }
  }
}

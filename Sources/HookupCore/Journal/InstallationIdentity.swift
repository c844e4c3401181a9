import NIOCore

/// Who a client installation is, and how often it has dialled.
package struct InstallationIdentity: TwoSlotValue {
  /// 128 bits drawn at random when the installation was new: the first 64 of them.
  package var high: UInt64
  /// The last 64.
  package var low: UInt64
  /// The highest connection number that may have been used, below 2^53; 0 before the first dial.
  package var connections: UInt64

  package init(high: UInt64, low: UInt64, connections: UInt64) {
    self.high = high
    self.low = low
    self.connections = connections
  }

  /// The id as 32 hexadecimal digits.
  package var id: String { hex(high) + hex(low) }

  package static let magic: UInt64 = 0x0A44_4943_4F4B_4F48  // "HOKOCID\n"
  package static let encodedBytes = 24

  package func write(into buffer: inout ByteBuffer) {
    buffer.writeInteger(high, endianness: .little)
    buffer.writeInteger(low, endianness: .little)
    buffer.writeInteger(connections, endianness: .little)
  }

  package init?(reading bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.encodedBytes else { return nil }
    high = bytes.littleEndian(UInt64.self, at: 0)
    low = bytes.littleEndian(UInt64.self, at: 8)
    connections = bytes.littleEndian(UInt64.self, at: 16)
    guard connections < JournalSegmentName.sequenceLimit else { return nil }
  }
}

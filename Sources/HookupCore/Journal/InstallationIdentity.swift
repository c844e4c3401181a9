import NIOCore

/// Who a client installation is, how often it has dialled, and how its messages are numbered on the wire.
package struct InstallationIdentity: TwoSlotValue {
  /// 128 bits drawn at random when the installation was new: the first 64 of them.
  package var high: UInt64
  /// The last 64.
  package var low: UInt64
  /// The highest connection number that may have been used, below 2^53; 0 before the first dial.
  package var connections: UInt64
  /// The id of the numbering on the wire, and the outbox number below its first; 0 and 0 before a session was ever opened.
  package var epoch: UInt64
  package var base: UInt64
  /// The outbox numbering that ``base`` belongs to.
  package var outboxEpoch: UInt64

  package init(
    high: UInt64, low: UInt64, connections: UInt64, epoch: UInt64 = 0, base: UInt64 = 0,
    outboxEpoch: UInt64 = 0
  ) {
    self.high = high
    self.low = low
    self.connections = connections
    self.epoch = epoch
    self.base = base
    self.outboxEpoch = outboxEpoch
  }

  /// The id as 32 hexadecimal digits.
  package var id: String { hex(high) + hex(low) }

  package static let magic: UInt64 = 0x0A44_4943_4F4B_4F48  // "HOKOCID\n"
  package static let encodedBytes = 48

  package func write(into buffer: inout ByteBuffer) {
    buffer.writeInteger(high, endianness: .little)
    buffer.writeInteger(low, endianness: .little)
    buffer.writeInteger(connections, endianness: .little)
    buffer.writeInteger(epoch, endianness: .little)
    buffer.writeInteger(base, endianness: .little)
    buffer.writeInteger(outboxEpoch, endianness: .little)
  }

  package init?(reading bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.encodedBytes else { return nil }
    high = bytes.littleEndian(UInt64.self, at: 0)
    low = bytes.littleEndian(UInt64.self, at: 8)
    connections = bytes.littleEndian(UInt64.self, at: 16)
    epoch = bytes.littleEndian(UInt64.self, at: 24)
    base = bytes.littleEndian(UInt64.self, at: 32)
    outboxEpoch = bytes.littleEndian(UInt64.self, at: 40)
    guard connections < JournalSegmentName.sequenceLimit, base < JournalSegmentName.sequenceLimit
    else { return nil }
  }
}

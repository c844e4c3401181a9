import NIOCore

/// A small value that is kept in a file of two slots: see ``TwoSlotCodec``.
package protocol TwoSlotValue: Hashable, Sendable {
  /// What the file begins with, in little-endian order; differs from kind to kind.
  static var magic: UInt64 { get }
  /// How long every value is, in bytes; at most ``TwoSlotCodec/maximumValueBytes``.
  static var encodedBytes: Int { get }

  /// Appends exactly ``encodedBytes`` bytes.
  func write(into buffer: inout ByteBuffer)
  /// - Parameter bytes: exactly ``encodedBytes`` bytes, whose checksum held.
  /// - Returns: nil for what ``write(into:)`` would not have written.
  init?(reading bytes: UnsafeRawBufferPointer)
}

/// A file that holds one small value durably: two slots that are written in turn, so that a write that is cut off leaves the
/// other slot whole.
///
/// The slots stand ``slotDistance`` bytes apart, on blocks of the medium of their own. All integers are little-endian. A slot:
///
/// | bytes | what |
/// |---|---|
/// | 0–7 | magic |
/// | 8–11 | version |
/// | 12–15 | length of the value |
/// | 16–23 | generation: counts writes; the higher one of two good slots is the newer |
/// | 24… | value |
/// | then 4 | CRC-32C of all before it, begun with the slot's number |
package enum TwoSlotCodec<Value: TwoSlotValue> {
  package static var version: UInt32 { 1 }
  package static var slotDistance: Int { 4_096 }
  package static var maximumValueBytes: Int { 512 }
  private static var headerBytes: Int { 24 }
  package static var slotBytes: Int { headerBytes + Value.encodedBytes + 4 }
  /// The whole file.
  package static var fileBytes: Int { slotDistance + slotBytes }

  /// What one slot holds.
  package struct Slot: Hashable, Sendable {
    package var generation: UInt64
    package var value: Value

    package init(generation: UInt64, value: Value) {
      self.generation = generation
      self.value = value
    }
  }

  /// What a file turned out to be.
  package enum Reading: Hashable, Sendable {
    /// The newest good slot and where it is, 0 or 1. `isOtherDamaged`: the other one holds something that is not good: a write
    /// that was cut off, or damage; then it may have held one generation more.
    case good(Slot, at: Int, isOtherDamaged: Bool)
    case damaged
    /// A version this program does not know: hands off.
    case unknownVersion(UInt32)
  }

  /// What of a file is read: room for the longest value of any version.
  package static var maximumReadBytes: Int { slotDistance + headerBytes + maximumValueBytes + 4 }

  /// Where slot `number`, 0 or 1, begins in the file.
  package static func position(of number: Int) -> Int { number * slotDistance }

  /// The bytes of a slot.
  /// - Parameter number: 0 or 1.
  package static func encode(_ slot: Slot, at number: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(slotBytes)
    buffer.writeInteger(Value.magic, endianness: .little)
    buffer.writeInteger(version, endianness: .little)
    buffer.writeInteger(UInt32(clamping: Value.encodedBytes), endianness: .little)
    buffer.writeInteger(slot.generation, endianness: .little)
    slot.value.write(into: &buffer)
    let checksum = buffer.withUnsafeReadableBytes { CRC32C.checksum($0, seed: seed(number)) }
    buffer.writeInteger(checksum, endianness: .little)
    return buffer
  }

  /// A whole file whose slot 0 holds `slot`; the other one was never written.
  package static func encodeFile(_ slot: Slot) -> ByteBuffer {
    var buffer = encode(slot, at: 0)
    buffer.writeRepeatingByte(0, count: fileBytes - buffer.readableBytes)
    return buffer
  }

  /// Reads a whole file. Any bytes are safe.
  package static func read(_ file: UnsafeRawBufferPointer) -> Reading {
    let slots = (0...1).map { read(file, at: $0) }
    // A whole slot of another version: a later program was here.
    for case .unknownVersion(let version) in slots { return .unknownVersion(version) }
    switch (slots[0], slots[1]) {
    case (.good(let zero), .good(let one)):
      return zero.generation > one.generation
        ? .good(zero, at: 0, isOtherDamaged: false) : .good(one, at: 1, isOtherDamaged: false)
    case (.good(let slot), let other): return .good(slot, at: 0, isOtherDamaged: other == .damaged)
    case (let other, .good(let slot)): return .good(slot, at: 1, isOtherDamaged: other == .damaged)
    default: return .damaged
    }
  }

  private enum SlotReading: Hashable {
    case good(Slot)
    /// Zeros, or nothing.
    case empty
    case damaged
    case unknownVersion(UInt32)
  }

  private static func read(_ file: UnsafeRawBufferPointer, at number: Int) -> SlotReading {
    let start = min(position(of: number), file.count)
    let bytes = UnsafeRawBufferPointer(rebasing: file[start..<min(start + slotBytes, file.count)])
    guard !bytes.allSatisfy({ $0 == 0 }) else { return .empty }
    guard bytes.count >= headerBytes, bytes.littleEndian(UInt64.self, at: 0) == Value.magic
    else { return .damaged }
    let found = bytes.littleEndian(UInt32.self, at: 8)
    let length = Int(bytes.littleEndian(UInt32.self, at: 12))
    guard length <= maximumValueBytes, start + headerBytes + length + 4 <= file.count else {
      return .damaged
    }
    let end = headerBytes + length
    let whole = UnsafeRawBufferPointer(rebasing: file[start..<start + end + 4])
    let checksum = CRC32C.checksum(
      UnsafeRawBufferPointer(rebasing: whole[..<end]), seed: seed(number))
    guard whole.littleEndian(UInt32.self, at: end) == checksum else { return .damaged }
    guard found == version else { return .unknownVersion(found) }
    guard length == Value.encodedBytes,
      let value = Value(reading: UnsafeRawBufferPointer(rebasing: whole[headerBytes..<end]))
    else { return .damaged }
    return .good(
      Slot(generation: whole.littleEndian(UInt64.self, at: 16), value: value))
  }

  /// A slot's bytes in the other slot's place are not good.
  private static func seed(_ number: Int) -> UInt32 { 0x736C_6F74 &+ UInt32(number & 1) }
}

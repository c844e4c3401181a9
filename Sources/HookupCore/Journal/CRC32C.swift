/// CRC-32C, the Castagnoli checksum: reflected polynomial 0x82F63B78 (RFC 3720 §12.1), sixteen bytes a step.
///
/// Detects every burst of up to 32 damaged bits and, in records of journal size, every one to three
/// scattered ones. No protection against forgery.
package struct CRC32C: Sendable {
  private var register: UInt32

  /// - Parameter seed: what the checksum starts from; two different seeds never give the same
  ///   checksum for the same bytes. Zero for the standard checksum.
  package init(seed: UInt32 = 0) {
    register = ~seed
  }

  /// The checksum of all bytes so far.
  package var value: UInt32 { ~register }

  package static func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    var checksum = CRC32C(seed: seed)
    checksum.update(bytes)
    return checksum.value
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    crcTables.withUnsafeBufferPointer { tables in
      var crc = register
      var position = 0
      while position &+ 16 <= bytes.count {
        let first =
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
          ^ UInt64(crc)
        let second = UInt64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: position &+ 8, as: UInt64.self))
        // What does not wait for the step before comes first.
        crc = Self.fold(second, tables, 1792) ^ Self.fold(first, tables, 3840)
        position &+= 16
      }
      if position &+ 8 <= bytes.count {
        let word = UInt64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        crc = Self.fold(word ^ UInt64(crc), tables, 1792)
        position &+= 8
      }
      while position < bytes.count {
        crc = (crc >> 8) ^ tables[Int((crc ^ UInt32(bytes[position])) & 0xFF)]
        position &+= 1
      }
      register = crc
    }
  }

  /// The effect of eight bytes, the first of which is looked up in the table at `last`, each later one 256 below.
  @inline(__always)
  private static func fold(
    _ word: UInt64, _ tables: UnsafeBufferPointer<UInt32>, _ last: Int
  ) -> UInt32 {
    func effect(_ number: Int) -> UInt32 {
      tables[last &- number &* 256 &+ Int((word &>> (UInt64(number) &* 8)) & 0xFF)]
    }
    let low = (effect(0) ^ effect(1)) ^ (effect(2) ^ effect(3))
    let high = (effect(4) ^ effect(5)) ^ (effect(6) ^ effect(7))
    return low ^ high
  }
}

/// Sixteen tables of 256: table k, at 256 k, is the effect of one byte followed by k zero bytes.
private let crcTables: [UInt32] = {
  var tables = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in (crc >> 1) ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
  }
  for index in 256..<4096 {
    let shorter = tables[index - 256]
    tables.append((shorter >> 8) ^ tables[Int(shorter & 0xFF)])
  }
  return tables
}()

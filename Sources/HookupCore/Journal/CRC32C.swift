/// CRC-32C, the Castagnoli checksum: reflected polynomial 0x82F63B78 (RFC 3720 §12.1), eight bytes a step.
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
      while position &+ 8 <= bytes.count {
        let word = UInt64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        let low = crc ^ UInt32(truncatingIfNeeded: word)
        let high = UInt32(truncatingIfNeeded: word >> 32)
        crc =
          tables[1792 &+ Int(low & 0xFF)] ^ tables[1536 &+ Int((low >> 8) & 0xFF)]
          ^ tables[1280 &+ Int((low >> 16) & 0xFF)] ^ tables[1024 &+ Int(low >> 24)]
          ^ tables[768 &+ Int(high & 0xFF)] ^ tables[512 &+ Int((high >> 8) & 0xFF)]
          ^ tables[256 &+ Int((high >> 16) & 0xFF)] ^ tables[Int(high >> 24)]
        position &+= 8
      }
      while position < bytes.count {
        crc = (crc >> 8) ^ tables[Int((crc ^ UInt32(bytes[position])) & 0xFF)]
        position &+= 1
      }
      register = crc
    }
  }
}

/// Eight tables of 256: table k, at 256 k, is the effect of one byte followed by k zero bytes.
private let crcTables: [UInt32] = {
  var tables = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in (crc >> 1) ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
  }
  for index in 256..<2048 {
    let shorter = tables[index - 256]
    tables.append((shorter >> 8) ^ tables[Int(shorter & 0xFF)])
  }
  return tables
}()

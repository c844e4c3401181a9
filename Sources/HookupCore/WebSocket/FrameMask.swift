import NIOCore

/// The masking of client frames (RFC 6455 §5.3): byte i of the payload is combined with byte i mod 4 of the key.
struct FrameMask: Hashable, Sendable {
  /// The four bytes of the key, the first of the wire in the highest bits.
  var key: UInt32

  /// Masks or unmasks `count` readable bytes at `index`, eight at a time. `phase` is how many bytes of the same payload
  /// came before them.
  func apply(to buffer: inout ByteBuffer, at index: Int, count: Int, phase: Int = 0) {
    guard count > 0, key != 0 else { return }
    let first = index - buffer.readerIndex
    buffer.withUnsafeMutableReadableBytes { readable in
      let bytes = UnsafeMutableRawBufferPointer(rebasing: readable[first..<first + count])
      Self.combine(bytes, with: wireOrder(phase: phase))
    }
  }

  /// The same, in the storage that `buffer` has, whoever else holds it: all of them see the bytes change.
  func applyInPlace(to buffer: ByteBuffer, at index: Int, count: Int, phase: Int = 0) {
    guard count > 0, key != 0 else { return }
    let first = index - buffer.readerIndex
    buffer.withUnsafeReadableBytes { readable in
      let bytes = UnsafeRawBufferPointer(rebasing: readable[first..<first + count])
      Self.combine(UnsafeMutableRawBufferPointer(mutating: bytes), with: wireOrder(phase: phase))
    }
  }

  /// The key twice, as it lies in memory, beginning with the byte that is due after `phase` bytes.
  private func wireOrder(phase: Int) -> UInt64 {
    let shift = UInt32(truncatingIfNeeded: phase & 3) * 8
    let turned = shift == 0 ? key : key << shift | key >> (32 - shift)
    return UInt64(turned.bigEndian) | UInt64(turned.bigEndian) << 32
  }

  private static func combine(_ bytes: UnsafeMutableRawBufferPointer, with pattern: UInt64) {
    let wide = SIMD4(repeating: pattern)
    var offset = 0
    while offset + 32 <= bytes.count {
      let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
      bytes.storeBytes(of: words ^ wide, toByteOffset: offset, as: SIMD4<UInt64>.self)
      offset += 32
    }
    while offset + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      bytes.storeBytes(of: word ^ pattern, toByteOffset: offset, as: UInt64.self)
      offset += 8
    }
    // On a little-endian machine the lowest byte of the pattern is the first in memory.
    var rest = pattern.littleEndian
    while offset < bytes.count {
      bytes[offset] ^= UInt8(truncatingIfNeeded: rest)
      rest >>= 8
      offset += 1
    }
  }
}

import NIOCore
import Testing

@testable import HookupCore

@Suite struct TwoSlotCodecTests {
  private typealias Codec = TwoSlotCodec<ReceivedCursor>

  private func slot(_ number: UInt64) -> Codec.Slot {
    Codec.Slot(
      generation: number, value: ReceivedCursor(epoch: 7, rx: number * 3, tag: number &* 99))
  }

  /// A file with these slots; nil for one that was never written.
  private func file(_ zero: Codec.Slot?, _ one: Codec.Slot?) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Codec.fileBytes)
    for (number, slot) in [zero, one].enumerated() {
      guard let slot else { continue }
      let encoded = Codec.encode(slot, at: number).readableBytesView
      let start = Codec.position(of: number)
      bytes.replaceSubrange(start..<start + encoded.count, with: encoded)
    }
    return bytes
  }

  private func read(_ bytes: [UInt8]) -> Codec.Reading {
    bytes.withUnsafeBytes { Codec.read($0) }
  }

  @Test func `a new file holds its value in slot 0`() {
    let bytes = Array(Codec.encodeFile(slot(4)).readableBytesView)
    #expect(bytes.count == Codec.fileBytes)
    #expect(bytes == file(slot(4), nil))
    #expect(read(bytes) == .good(slot(4), at: 0, isOtherDamaged: false))
  }

  @Test func `the newer of two good slots counts`() {
    #expect(read(file(slot(4), slot(5))) == .good(slot(5), at: 1, isOtherDamaged: false))
    #expect(read(file(slot(6), slot(5))) == .good(slot(6), at: 0, isOtherDamaged: false))
  }

  @Test func `a slot that was cut off anywhere leaves the other`() {
    let old = file(slot(4), slot(5))
    let new = file(slot(6), slot(5))
    for cut in 0..<Codec.slotBytes {
      let torn = Array(new[..<cut]) + old[cut...]
      let expected: Codec.Reading =
        torn == old
        ? .good(slot(5), at: 1, isOtherDamaged: false)
        : torn == new
          ? .good(slot(6), at: 0, isOtherDamaged: false)
          : .good(slot(5), at: 1, isOtherDamaged: true)
      #expect(read(torn) == expected, "\(cut)")
    }
  }

  @Test func `every flipped bit of a slot is noticed`() {
    let bytes = file(slot(6), slot(5))
    for bit in 0..<Codec.slotBytes * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      #expect(read(flipped) == .good(slot(5), at: 1, isOtherDamaged: true), "bit \(bit)")
      flipped = bytes
      flipped[Codec.position(of: 1) + bit / 8] ^= 1 << (bit % 8)
      #expect(read(flipped) == .good(slot(6), at: 0, isOtherDamaged: true), "bit \(bit)")
    }
  }

  @Test func `two bad slots are damage, and so is a file without any`() {
    var bytes = file(slot(6), slot(5))
    bytes[20] ^= 1
    bytes[Codec.position(of: 1) + 30] ^= 1
    #expect(read(bytes) == .damaged)
    for length in [0, 1, Codec.slotBytes - 1, Codec.fileBytes] {
      #expect(read([UInt8](repeating: 0, count: length)) == .damaged)
    }
    // Cut off within the first slot.
    #expect(read(Array(file(slot(6), nil)[..<(Codec.slotBytes - 1)])) == .damaged)
    // Cut off after it: the other was never there.
    #expect(
      read(Array(file(slot(6), nil)[..<Codec.slotBytes]))
        == .good(slot(6), at: 0, isOtherDamaged: false))
  }

  @Test func `a slot in the other's place, or of another kind, is not good`() {
    let bytes = file(slot(6), nil)
    let swapped =
      Array(bytes[Codec.position(of: 1)...]) + bytes[Codec.slotBytes..<4_096]
      + bytes[..<Codec.slotBytes]
    #expect(read(swapped) == .damaged)
    let other = TwoSlotCodec<InstallationIdentity>.encodeFile(
      .init(generation: 1, value: InstallationIdentity(high: 1, low: 2, connections: 3)))
    #expect(read(Array(other.readableBytesView)) == .damaged)
  }

  @Test func `a whole slot of a later version is told, not overwritten`() {
    var bytes = file(slot(6), slot(5))
    bytes[Codec.position(of: 1) + 8] = 2
    #expect(read(bytes) == .good(slot(6), at: 0, isOtherDamaged: true))
    // With the checksum that a later program would have given.
    let start = Codec.position(of: 1)
    let end = start + Codec.slotBytes - 4
    let checksum = bytes[start..<end].withUnsafeBytes {
      CRC32C.checksum($0, seed: 0x736C_6F75)
    }
    bytes.replaceSubrange(
      end..<end + 4, with: withUnsafeBytes(of: checksum.littleEndian, Array.init))
    #expect(read(bytes) == .unknownVersion(2))
  }

  @Test func `any bytes are safe`() {
    Fuzz.rounds(300, "two slots") { random, place in
      var bytes = file(
        Bool.random(using: &random) ? slot(random.next() % 8) : nil,
        Bool.random(using: &random) ? slot(random.next() % 8) : nil)
      let valid = read(bytes)
      Fuzz.mutate(&bytes, using: &random)
      switch read(bytes) {
      case .good(let found, _, _):
        // What comes out was written.
        #expect(found == slot(found.generation), place)
      case .damaged: break
      case .unknownVersion: Issue.record("\(valid)")
      }
    }
  }
}

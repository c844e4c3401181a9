import HookupCore
import HookupEngine
import NIOCore

/// The messages of a soak: text and binary, small and large, easy and hard to compress; made once from a seed.
struct SoakMessages: Sendable {
  private let frames: [WireFrame]

  static let count = 64

  init(seed: UInt64) {
    var random = RandomSource(seed: seed)
    frames = (0..<Self.count).map { index in
      let bytes = Self.size(index, using: &random)
      guard index.isMultiple(of: 2) else { return .text(Stamp.payload(bytes: bytes)) }
      var buffer = ByteBufferAllocator().buffer(capacity: bytes + 8)
      while buffer.readableBytes < bytes { buffer.writeInteger(random.next() as UInt64) }
      return .binary(buffer)
    }
  }

  /// Most are small, as messages are; one of 16 is large.
  private static func size(_ index: Int, using random: inout RandomSource) -> Int {
    switch index % 16 {
    case 15: .random(in: 32 << 10...128 << 10, using: &random)
    case 10...14: .random(in: 1 << 10...16 << 10, using: &random)
    default: .random(in: 16...256, using: &random)
    }
  }

  /// The message at `index`, any number.
  subscript(index: UInt64) -> WireFrame { frames[Int(index % UInt64(frames.count))] }
}

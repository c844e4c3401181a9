import Testing

@testable import HookupCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Rounds of a test with chance in it, each with a seed of its own: another one on each run, or those of
/// `HOOKUP_FUZZ_SEED` (decimal) and up. `HOOKUP_FUZZ_ROUNDS` is how many.
enum Fuzz {
  private static func environment(_ name: String) -> UInt64? {
    getenv(name).flatMap { UInt64(String(cString: $0)) }
  }

  static let seed = environment("HOOKUP_FUZZ_SEED") ?? .random(in: 0...0xFFFF_FFFF)

  /// Calls `body` with the random source of each round. The seed of what goes wrong is told: before, for a round that traps, and
  /// with each issue.
  static func rounds(
    _ count: Int, _ name: String, _ body: (inout RandomSource, Comment) throws -> Void
  ) rethrows {
    let count = environment("HOOKUP_FUZZ_ROUNDS") ?? UInt64(count)
    print("\(name): \(count) rounds from HOOKUP_FUZZ_SEED=\(seed)")
    for round in 0..<count {
      let seed = Self.seed &+ round
      var random = RandomSource(seed: seed)
      try body(&random, "HOOKUP_FUZZ_SEED=\(seed) HOOKUP_FUZZ_ROUNDS=1, \(name)")
    }
  }

  /// Up to four changes: a bit flipped, a byte set, a piece cut out, doubled or put in, the end cut off.
  static func mutate(_ bytes: inout [UInt8], using random: inout RandomSource) {
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      let start = Int.random(in: 0...bytes.count, using: &random)
      let end = min(bytes.count, start + Int.random(in: 0...20, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0 where start < bytes.count:
        bytes[start] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 1 where start < bytes.count: bytes[start] = .random(in: 0...255, using: &random)
      case 2: bytes.removeSubrange(start..<end)
      case 3: bytes.insert(contentsOf: bytes[start..<end], at: start)
      case 4: bytes.insert(contentsOf: noise(1...20, using: &random), at: start)
      case 5: bytes.removeSubrange(end...)
      default: break
      }
    }
  }

  static func noise(_ count: ClosedRange<Int>, using random: inout RandomSource) -> [UInt8] {
    (0..<Int.random(in: count, using: &random)).map { _ in .random(in: 0...255, using: &random) }
  }

  /// The bytes in pieces of `size` at most, of chance if nil.
  static func pieces(
    of bytes: [UInt8], size: Int?, using random: inout RandomSource
  ) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    let most = size ?? [2, 10, 100, 100_000].randomElement(using: &random) ?? 1
    while !rest.isEmpty {
      let count = size ?? Int.random(in: 1...most, using: &random)
      pieces.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return pieces
  }
}

import HookupCore
import Testing

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

  /// Calls `body` with the random source of each round. The seed of what goes wrong is told: before, for a round that
  /// traps, and with each issue.
  /// - Parameter offset: added to each seed, so that tests that run beside one another draw differently.
  static func rounds(
    _ count: Int, _ name: String, offset: UInt64 = 0,
    _ body: (inout RandomSource, Comment) throws -> Void
  ) rethrows {
    let count = environment("HOOKUP_FUZZ_ROUNDS") ?? UInt64(count)
    print("\(name): \(count) rounds from HOOKUP_FUZZ_SEED=\(seed)")
    for round in 0..<count {
      let seed = Self.seed &+ round
      var random = RandomSource(seed: seed &+ offset)
      try body(&random, "HOOKUP_FUZZ_SEED=\(seed) HOOKUP_FUZZ_ROUNDS=1, \(name)")
    }
  }
}

import Foundation
import Testing

/// The promise, with real processes and `kill -9`: what `send` confirmed arrives once and in order.
extension EndToEnd {
  @Suite(.serialized, .timeLimit(.minutes(10)))
  struct ExactlyOnceTests {
    @Test func `killing the server at random moments of acked sends loses and doubles nothing`()
      throws
    {
      let total = Effort.isLong ? 10_000 : 2_000
      let kills = Effort.isLong ? 20 : 5
      let world = try World()
      try world.startServer()
      let sender = try world.send("alice", wait: "120s")
      sender.write((1...total).map { "line \($0)\n" }.joined())
      var random = SeededGenerator(seed: UInt64.random(in: .min ... .max))
      var moments = Set<Int>()
      while moments.count < kills { moments.insert(Int.random(in: 1..<total, using: &random)) }
      for moment in moments.sorted() {
        try sender.waitForLines { lines in
          lines.count { $0.contains(#""state":"stored""#) } >= moment
        }
        world.killServer()
        try world.startServer()
      }
      let (status, lines, errors) = try sender.waitForEnd(180)
      #expect(status == 0, "seed \(random.seed): \(errors)")
      let stored = try StateChange.parse(lines).filter { $0.state == "stored" }
      #expect(
        stored.compactMap(\.line) == Array(1...total),
        "each line is stored once, seed \(random.seed)")
      let log = try world.log(count: total)
      #expect(log.map(\.offset) == (1...UInt64(total)).map { $0 }, "offsets have no holes")
      #expect(log.map(\.text) == (1...total).map { "line \($0)" }, "seed \(random.seed)")
      #expect(Set(log.map(\.id)).count == total)
      print("server kills: \(kills), messages: \(total), lost 0, doubled 0")
    }

    @Test func `killing the client in the middle of buffered sends keeps everything it confirmed`()
      throws
    {
      let perRun = Effort.isLong ? 10_000 : 2_000
      let kills = Effort.isLong ? 10 : 3
      let world = try World()
      var random = SeededGenerator(seed: UInt64.random(in: .min ... .max))
      var confirmed: [String] = []
      for run in 0..<kills {
        let sender = try world.send("alice")
        sender.write((1...perRun).map { "run \(run) line \($0)\n" }.joined())
        let moment = Int.random(in: 1..<perRun, using: &random)
        try sender.waitForLines { lines in
          lines.count { $0.contains(#""line":"#) && $0.contains("queued") } >= moment
        }
        sender.kill9()
        let changes = try StateChange.parse(sender.linesSoFar.filter { $0.hasSuffix("}") })
        confirmed += changes.filter { $0.line != nil && $0.state == "queued" }.map(\.id)
      }
      #expect(Set(confirmed).count == confirmed.count)
      try world.startServer()
      let last = try world.send("alice", wait: "120s")
      last.write("the end\n")
      let (status, lines, errors) = try last.waitForEnd(180)
      #expect(status == 0, "\(errors)")
      let end = try #require(
        StateChange.parse(lines).last { $0.line == 1 && $0.state == "stored" }?.offset)
      let log = try world.log(count: Int(end))
      let ids = log.map(\.id)
      #expect(Set(ids).count == ids.count, "nothing twice, seed \(random.seed)")
      let missing = Set(confirmed).subtracting(ids)
      #expect(missing.isEmpty, "\(missing.count) of \(confirmed.count) lost, seed \(random.seed)")
      let position = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
      let order = confirmed.compactMap { position[$0] }
      #expect(
        order == order.sorted(), "in the order in which they were confirmed, seed \(random.seed)")
      #expect(log.last?.text == "the end")
      print(
        "client kills: \(kills), confirmed: \(confirmed.count), in the log: \(log.count), lost 0, doubled 0"
      )
    }
  }
}

/// SplitMix64 that remembers its seed, to be printed when a test fails.
struct SeededGenerator: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

import HookupCore
import HookupEngine
import NIOCore

/// The outbox against a raw write and fdatasync of the same bytes, in turns, so that whatever else the machine does hits both.
struct JournalRace {
  /// Messages per second of one turn each.
  struct Round: Hashable {
    var raw: Double
    /// Each group is appended by the completion of the one before.
    var chained: Double
    /// Each group is appended by another thread that waits for the one before: two threads wake up for each.
    var waiting: Double
    /// Many groups wait at a time, as from a client that has much to say.
    var pipelined: Double
  }

  let directory: String
  let messageBytes: Int
  /// Messages in one append.
  let groupSize: Int
  let rounds: Int
  /// What one turn of the raw writes takes, about.
  let turn: Duration

  /// Groups that wait at a time when they are pipelined.
  static let window = 32

  func run() throws -> [Round] {
    let recordBytes = JournalRecordCodec.headerBytes + messageBytes
    let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: recordBytes * groupSize)
    let raw = try RawLog(path: "\(directory)/raw")
    let bench = try JournalBench(
      directory: "\(directory)/outbox-\(groupSize)", options: FileOutboxOptions(),
      messageBytes: messageBytes)
    // The first turns find the files' space and the pace.
    var groups = 16
    try raw.prepare(groups * bytes.count)
    let first = try seconds { for _ in 0..<groups { try bytes.withUnsafeBytes(raw.append) } }
    let paced = turn.inSeconds / max(first / Double(groups), 1e-6)
    groups = min(max(Int(paced), 8), 200_000 / groupSize)
    try bench.append(bench.makeGroups(groups, of: groupSize), window: 1)
    try bench.settleAll()

    var found: [Round] = []
    for number in 0..<rounds {
      let messages = Double(groups * groupSize)
      var round = Round(raw: 0, chained: 0, waiting: 0, pipelined: 0)
      // Each turn goes first as often as the others.
      for step in 0..<4 {
        switch (number + step) % 4 {
        case 0:
          try raw.prepare(groups * bytes.count)
          let time = try seconds { for _ in 0..<groups { try bytes.withUnsafeBytes(raw.append) } }
          round.raw = messages / time
        case 1:
          let entries = bench.makeGroups(groups, of: groupSize)
          round.chained = messages / (try seconds { try bench.appendChained(entries) })
          try bench.settleAll()
        case 2:
          let entries = bench.makeGroups(groups, of: groupSize)
          round.waiting = messages / (try seconds { try bench.append(entries, window: 1) })
          try bench.settleAll()
        default:
          let entries = bench.makeGroups(groups, of: groupSize)
          round.pipelined =
            messages / (try seconds { try bench.append(entries, window: Self.window) })
          try bench.settleAll()
        }
      }
      found.append(round)
    }
    try bench.close()
    return found
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    max(try ContinuousClock().measure(body).inSeconds, 1e-9)
  }
}

/// What the rounds of a race come to.
struct JournalRaceResult: Hashable {
  var groupSize: Int
  /// Medians, messages per second.
  var raw: Double
  var chained: Double
  var waiting: Double
  var pipelined: Double
  /// Medians of the rounds' ratios to the raw writes.
  var chainedRatio: Double
  var waitingRatio: Double
  var pipelinedRatio: Double

  init(groupSize: Int, _ rounds: [JournalRace.Round]) {
    self.groupSize = groupSize
    raw = median(rounds.map(\.raw))
    chained = median(rounds.map(\.chained))
    waiting = median(rounds.map(\.waiting))
    pipelined = median(rounds.map(\.pipelined))
    chainedRatio = median(rounds.map { $0.chained / $0.raw })
    waitingRatio = median(rounds.map { $0.waiting / $0.raw })
    pipelinedRatio = median(rounds.map { $0.pipelined / $0.raw })
  }
}

/// The middle one, or the mean of the two in the middle; 0 for none.
func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return 0 }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

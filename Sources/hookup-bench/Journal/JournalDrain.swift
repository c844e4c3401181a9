import Glibc
import HookupCore
import HookupEngine

/// How long a full outbox takes to open, and what memory takes while a long backlog is read and settled.
struct JournalDrain {
  let directory: String
  let messageBytes: Int

  private var options: FileOutboxOptions { FileOutboxOptions(sync: .os) }

  /// Seconds to open an outbox whose records take `bytes`, medians of several.
  func recoverySeconds(bytes: Int) throws -> Double {
    let path = "\(directory)/recovery"
    let count = bytes / (JournalRecordCodec.headerBytes + messageBytes)
    try JournalFill(directory: path, messageBytes: messageBytes).fill(count)
    var times: [Double] = []
    for _ in 0..<5 {
      var again: JournalBench?
      let time = try ContinuousClock().measure {
        again = try JournalBench(directory: path, options: options, messageBytes: messageBytes)
      }
      times.append(time.inSeconds)
      let found = again?.outbox.recovered.pending.count ?? 0
      try again?.close()
      guard found == count else {
        throw HookupError(.storage, "\(found) of \(count) messages were found again")
      }
    }
    return median(times)
  }

  struct Memory: Hashable {
    /// KiB resident before the outbox was opened, once it was open, at the highest while it was drained, and at the end.
    var before = 0
    var opened = 0
    var highest = 0
    var drained = 0
    var messagesPerSecond = 0.0
  }

  /// Buffers `count` messages, opens the outbox anew, and reads and settles it page by page.
  func memory(draining count: Int) throws -> Memory {
    let path = "\(directory)/drain"
    try JournalFill(directory: path, messageBytes: messageBytes).fill(count)
    let probe = ProcessProbe(pid: Int(getpid()))
    func resident() -> Int { probe.memory()?.residentKiB ?? 0 }
    var memory = Memory(before: resident())
    let bench = try JournalBench(directory: path, options: options, messageBytes: messageBytes)
    memory.opened = resident()
    memory.highest = memory.opened
    var next: UInt64 = 1
    var drained = 0
    let time = try ContinuousClock().measure {
      while true {
        let page = try bench.read(from: next, count: 1_024)
        guard let last = page.last?.sequence else { return }
        bench.outbox.settle(page.map(\.sequence))
        drained += page.count
        next = last + 1
        if drained % 50_000 < page.count { memory.highest = max(memory.highest, resident()) }
      }
    }
    memory.drained = resident()
    memory.highest = max(memory.highest, memory.drained)
    memory.messagesPerSecond = Double(drained) / max(time.inSeconds, 1e-9)
    try bench.close()
    guard drained == count else {
      throw HookupError(.storage, "\(drained) of \(count) messages came out of the outbox")
    }
    return memory
  }
}

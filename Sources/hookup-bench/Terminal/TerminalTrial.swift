import HookupCore
import HookupEngine
import Synchronization

/// Takes the figures of one chat program.
struct TerminalTrial: Sendable {
  struct Effort: Sendable {
    /// Starts of which the median counts.
    var starts = 15
    var idleSeconds = 20
    var keys = 200
    /// Lines of a flood, and how many there are in the room in the end.
    var floodLines = 20_000
    var roomLines = 100_000
    /// Lines a second of a lively room, and for how long.
    var livelyRate = 2_000
    var livelySeconds = 5
    var resizes = 21

    static let short: Effort = {
      var effort = Effort()
      effort.starts = 5
      effort.idleSeconds = 4
      effort.keys = 50
      effort.floodLines = 5_000
      effort.roomLines = 20_000
      effort.livelySeconds = 2
      effort.resizes = 7
      return effort
    }()
  }

  let program: ChatProgram
  let effort: Effort

  /// - Parameter source: listens already; what it says is new to the program.
  func run(_ source: any LineSource) async throws -> TerminalFigures {
    var figures = TerminalFigures()
    try await paint(&figures)
    let device = try program.start(port: source.port)
    defer { device.end() }
    try await source.waitForReader()
    try await offThePool { () throws(HookupError) in
      try device.wait(for: "the room", program.isInRoom)
      device.settle(quiet: .milliseconds(700), within: .seconds(5))
    }
    try await idle(device, &figures)
    try await echo(device, source, &figures)
    var text = LineText(seed: 2)
    let lively = text.lines(effort.livelyRate * effort.livelySeconds)
    let (rate, mark) = (effort.livelyRate, LineText.mark(1))
    let cost = try await cost(of: lively.count + 1, until: mark, device) {
      try await source.say(lively, perSecond: rate)
      try await source.say([mark])
    }
    (figures.livelyMicroseconds, figures.livelyBytes) = (cost.microseconds, cost.bytes)
    try await flood(device, source, &text, &figures)
    try await resize(device, &figures)
    try await fill(device, source, &text, &figures)
    return figures
  }

  // MARK: - Starting

  private func paint(_ figures: inout TerminalFigures) async throws {
    let (program, starts) = (program, effort.starts)
    let runs = try await offThePool { () throws(HookupError) in
      var runs: [(milliseconds: Double, cpu: Double)] = []
      // The first one reads the program from disk, and does not count.
      for _ in 0...starts {
        let device = try program.start(port: nil)
        let painted = try device.wait(for: "its first screen", program.isPainted)
        runs.append(
          (device.startedAt.duration(to: painted) / .milliseconds(1), device.cpu / .milliseconds(1))
        )
        device.end()
      }
      return runs.dropFirst()
    }
    figures.paintMilliseconds = median(runs.map(\.milliseconds))
    figures.paintCPUMilliseconds = median(runs.map(\.cpu))
  }

  // MARK: - Doing nothing

  private func idle(_ device: TerminalDevice, _ figures: inout TerminalFigures) async throws {
    let seconds = effort.idleSeconds
    let (cpu, bytes, start) = (device.cpu, device.bytes, MonotonicInstant.now)
    try await offThePool { device.follow(for: .seconds(seconds)) }
    let time = start.duration(to: .now)
    figures.idlePercent = 100 * ((device.cpu - cpu) / time)
    figures.idleBytesPerSecond = Double(device.bytes - bytes) / (time / .seconds(1))
    let memory = device.memory
    figures.idleMB = memory?.residentMB
    figures.idlePrivateMB = memory?.privateMB
  }

  // MARK: - Keys

  private func echo(
    _ device: TerminalDevice, _ source: any LineSource, _ figures: inout TerminalFigures
  ) async throws {
    let talking = Task {
      var text = LineText(seed: 1)
      while !Task.isCancelled { try await source.say(text.lines(500), perSecond: 500) }
    }
    defer { talking.cancel() }
    let keys = effort.keys
    let times = try await offThePool { () throws(HookupError) in
      device.follow(for: .milliseconds(500))
      var random = RandomSource(seed: 3)
      var times: [Double] = []
      var typed = ""
      for number in 0..<keys {
        // Not in step with the lines.
        device.follow(for: .microseconds(20_000 + Int(random.next() % 20_000)))
        if typed.count == 20 {
          device.type("\u{15}")
          typed = ""
          device.follow(for: .milliseconds(30))
        }
        let key = String(Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8(number * 7 % 26))))
        typed += key
        let start = MonotonicInstant.now
        device.type(key)
        let shown = try device.wait(for: "'\(typed)'", within: .seconds(10)) { picture in
          picture.text(row: picture.rows - 1).contains(typed)
        }
        times.append(start.duration(to: shown) / .milliseconds(1))
      }
      device.type("\u{15}")
      device.follow(for: .milliseconds(100))
      return times.sorted()
    }
    figures.echo50Milliseconds = times[times.count / 2]
    figures.echo95Milliseconds = times[min(times.count - 1, times.count * 95 / 100)]
  }

  // MARK: - Lines

  private struct Cost: Sendable {
    var microseconds = 0.0
    var bytes = 0.0
    var linesPerSecond = 0.0
  }

  /// What the program needs for each of `count` lines until the last of them, `mark`, is on the screen.
  private func cost(
    of count: Int, until mark: String, _ device: TerminalDevice,
    _ talk: @escaping @Sendable () async throws -> Void
  ) async throws -> Cost {
    let (cpu, bytes, start) = (device.cpu, device.bytes, MonotonicInstant.now)
    async let talking: Void = talk()
    let end = try await offThePool { () throws(HookupError) in
      try device.wait(for: "the last line", within: .seconds(120)) { $0.contains(mark) }
    }
    try await talking
    let lines = Double(count)
    return Cost(
      microseconds: (device.cpu - cpu) / .microseconds(1) / lines,
      bytes: Double(device.bytes - bytes) / lines,
      linesPerSecond: lines / (start.duration(to: end) / .seconds(1)))
  }

  private func flood(
    _ device: TerminalDevice, _ source: any LineSource, _ text: inout LineText,
    _ figures: inout TerminalFigures
  ) async throws {
    let lines = text.lines(effort.floodLines) + [LineText.mark(2)]
    let cost = try await cost(of: lines.count, until: LineText.mark(2), device) {
      try await source.say(lines)
    }
    figures.floodMicroseconds = cost.microseconds
    figures.floodBytes = cost.bytes
    figures.floodLinesPerSecond = cost.linesPerSecond
  }

  /// As many more lines as make the room full, then memory.
  private func fill(
    _ device: TerminalDevice, _ source: any LineSource, _ text: inout LineText,
    _ figures: inout TerminalFigures
  ) async throws {
    let done = effort.floodLines + effort.livelyRate * effort.livelySeconds
    let lines = text.lines(max(0, effort.roomLines - done)) + [LineText.mark(3)]
    _ = try await cost(of: lines.count, until: LineText.mark(3), device) {
      try await source.say(lines)
    }
    try await offThePool { device.settle(quiet: .milliseconds(500), within: .seconds(3)) }
    figures.manyLinesMB = device.memory?.residentMB
    figures.manyLinesPrivateMB = device.memory?.privateMB
  }

  // MARK: - Sizes

  private func resize(_ device: TerminalDevice, _ figures: inout TerminalFigures) async throws {
    let count = effort.resizes
    let times = try await offThePool {
      var times: [Double] = []
      for number in 0..<count {
        device.settle(quiet: .milliseconds(120), within: .seconds(2))
        let sizes = [(100, 30), (80, 24), (140, 45), (60, 20), (120, 40)]
        let (columns, rows) = sizes[number % sizes.count]
        let start = MonotonicInstant.now
        device.resize(columns: columns, rows: rows)
        device.settle(quiet: .milliseconds(60), within: .seconds(2))
        times.append(start.duration(to: device.lastByteAt) / .milliseconds(1))
      }
      return times
    }
    figures.resizeMilliseconds = median(times)
    device.resize(columns: 120, rows: 40)
    try await offThePool { device.settle(quiet: .milliseconds(100), within: .seconds(2)) }
  }
}

/// Runs what blocks on a thread of its own.
func offThePool<Value: Sendable, Failure: Error>(
  _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    let hasThread = OwnThread.run {
      do throws(Failure) { continuation.resume(returning: try body()) } catch {
        continuation.resume(throwing: error)
      }
    }
    if !hasThread {
      continuation.resume(throwing: HookupError(.storage, "no thread is left"))
    }
  }
}

import Glibc
import HookupEngine

/// The chat server that dies and comes back, on one port and one data directory.
actor TortureServer {
  private let place: TorturePlace
  private let port: Int
  /// Arguments beside port, data and log level.
  private let options: [String]
  private var process: ChildProcess?
  private(set) var kills = 0
  private(set) var stops = 0
  private(set) var problems: [String] = []

  /// Its process id; nil before it was started.
  var pid: pid_t? { process?.pid }

  init(_ place: TorturePlace, port: Int, options: [String] = []) {
    self.options = options
    self.place = place
    self.port = port
  }

  /// Returns when it listens.
  /// - Throws: ``HookupError/Code/bindFailed`` when it ends instead.
  func start() async throws {
    let child = try place.start(
      "hookup-chat-server",
      ["--port", "\(port)", "--data", "\(place.directory)/server/data", "--log-level", "warning"]
        + options,
      folder: "server", name: "server", pipesOutput: true)
    process = child
    guard let output = child.output else { return }
    let line = await Self.firstLine(of: output)
    guard line == "listening on ws://127.0.0.1:\(port)/" else {
      let end = await child.waitForEnd()
      throw HookupError(
        .bindFailed,
        "the server \(end) and said '\(line)': \(TorturePlace.lastLine(of: "\(place.directory)/server/server.err"))"
      )
    }
  }

  /// `kill -9`, and starts it again.
  func killAndStart() async throws {
    guard let process else { return }
    if process.hasEnded {
      problems.append("the server \(await process.waitForEnd()) by itself")
    } else {
      kills += 1
    }
    process.signal(SIGKILL)
    _ = await process.waitForEnd()
    try await start()
  }

  /// Lets it stand still for a time.
  func pause(for time: Duration) async {
    guard let process, !process.hasEnded else { return }
    stops += 1
    process.signal(SIGSTOP)
    try? await Task.sleep(for: time)
    process.signal(SIGCONT)
  }

  /// Ends it in good order; a problem when it does not end so.
  func stop() async {
    guard let process else { return }
    let timer = Task {
      try await Task.sleep(for: .seconds(30))
      process.signal(SIGKILL)
    }
    process.signal(SIGTERM)
    let end = await process.waitForEnd()
    timer.cancel()
    if end != .exit(0) { problems.append("told to end, the server \(end)") }
  }

  /// What comes before the first line feed, or before the end.
  private static func firstLine(of descriptor: OwnedDescriptor) async -> String {
    await withCheckedContinuation { continuation in
      let hasThread = OwnThread.run {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < 4_096 {
          let count = read(descriptor.number, &byte, 1)
          if count < 0, errno == EINTR { continue }
          guard count == 1, byte != UInt8(ascii: "\n") else { break }
          line.append(byte)
        }
        continuation.resume(returning: String(decoding: line, as: UTF8.self))
      }
      if !hasThread { continuation.resume(returning: "") }
    }
  }
}

extension TorturePlace {
  /// The last whole or half line of a file.
  static func lastLine(of path: String) -> String {
    text(of: path).split(separator: "\n").last.map(String.init) ?? ""
  }
}

import Foundation
import Testing

/// How much the slow suites do: little in CI, all of it by hand with HOOKUP_LONG=1.
enum Effort {
  static let isLong = ProcessInfo.processInfo.environment["HOOKUP_LONG"] != nil
}

/// All suites of real processes, one after the other: they would take each other's time, and a process that starts while another one
/// does may inherit its pipes and keep them open.
@Suite(.serialized, OffThePool())
enum EndToEnd {}

struct HarnessError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// A pipe that processes started meanwhile do not inherit: one that did would keep it open after the end of ours.
struct PrivatePipe {
  let reading: FileHandle
  let writing: FileHandle

  init() throws {
    var descriptors: [Int32] = [0, 0]
    guard pipe(&descriptors) == 0 else { throw HarnessError("no pipe: errno \(errno)") }
    for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    reading = FileHandle(fileDescriptor: descriptors[0], closeOnDealloc: true)
    writing = FileHandle(fileDescriptor: descriptors[1], closeOnDealloc: true)
  }
}

/// A real process of this package, with its lines read as they come.
final class Child: @unchecked Sendable {
  // Unchecked: `process` is told to start and to die only, which is safe from any thread; lines are under the condition.
  private let process = Process()
  private let input: PrivatePipe
  private let condition = NSCondition()
  private var lines: [String] = []
  private var errors = ""
  private var openStreams = 2
  private var partial = Data()

  /// The directory of this package's executables: that of the test's own.
  static let directory = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// A program of this package by its name, another one by its path.
  static func path(of name: String) -> String {
    name.hasPrefix("/") ? name : directory.appendingPathComponent(name).path
  }

  init(_ name: String, _ arguments: [String], home: String) throws {
    input = try PrivatePipe()
    let output = try PrivatePipe()
    let errorOutput = try PrivatePipe()
    process.executableURL = URL(fileURLWithPath: Self.path(of: name))
    process.arguments = arguments
    process.environment = [
      "HOME": home, "PATH": "/usr/bin:/bin", "USER": "tester", "LANG": "C.UTF-8",
      "SWIFT_BACKTRACE": "enable=no",
    ]
    process.standardInput = input.reading
    process.standardOutput = output.writing
    process.standardError = errorOutput.writing
    try process.run()
    // Ours must be closed for the child's end to be the end.
    try input.reading.close()
    try output.writing.close()
    try errorOutput.writing.close()
    read(output.reading) { child, data in child.take(data) }
    read(errorOutput.reading) { child, data in child.errors += String(decoding: data, as: UTF8.self)
    }
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// Reads to the end on a thread of its own.
  private func read(_ handle: FileHandle, _ body: @escaping @Sendable (Child, Data) -> Void) {
    let condition = condition
    Thread.detachNewThread { [weak self] in
      while true {
        let data = handle.availableData
        let isLast = condition.withLock {
          if data.isEmpty { self?.openStreams -= 1 } else if let self { body(self, data) }
          condition.broadcast()
          return data.isEmpty
        }
        if isLast { return }
      }
    }
  }

  private func take(_ data: Data) {
    partial.append(data)
    while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(String(decoding: partial[partial.startIndex..<end], as: UTF8.self))
      partial.removeSubrange(partial.startIndex...end)
    }
  }

  /// Writes to standard input from a thread of its own and closes it: the pipe may be smaller than the text.
  func write(_ text: String) {
    let handle = input.writing
    Thread.detachNewThread {
      try? handle.write(contentsOf: Data(text.utf8))
      try? handle.close()
    }
  }

  /// Waits until `isEnough` of all lines so far, or until the process has ended.
  @discardableResult
  func waitForLines(
    _ seconds: Double = 60, _ isEnough: ([String]) -> Bool
  ) throws -> [String] {
    let deadline = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    defer { condition.unlock() }
    while !isEnough(lines), openStreams > 0 {
      guard condition.wait(until: deadline) else {
        throw HarnessError(
          "\(seconds) s passed; lines so far: \(lines.suffix(5)); errors: \(errors)")
      }
    }
    return lines
  }

  /// Waits until standard error is as wanted, or the process has ended.
  @discardableResult
  func waitForErrors(_ seconds: Double = 60, _ isEnough: (String) -> Bool) throws -> String {
    let deadline = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    defer { condition.unlock() }
    while !isEnough(errors), openStreams > 0 {
      guard condition.wait(until: deadline) else {
        throw HarnessError("\(seconds) s passed; errors: \(errors)")
      }
    }
    return errors
  }

  /// Everything it printed, once it has ended by itself.
  @discardableResult
  func waitForEnd(_ seconds: Double = 60) throws -> (status: Int32, lines: [String], errors: String)
  {
    try waitForLines(seconds) { _ in false }
    process.waitUntilExit()
    return (process.terminationStatus, lines, errors)
  }

  var pid: Int32 { process.processIdentifier }
  var linesSoFar: [String] { condition.withLock { lines } }

  /// kill -9, and waits until it is gone.
  func kill9() {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  func hangUp() { kill(process.processIdentifier, SIGHUP) }
  func terminate() { kill(process.processIdentifier, SIGTERM) }
}

/// One world of a test: a home, a port, and the server that comes and goes on it.
final class World {
  let home: String
  /// Below the range from which the system gives ports by itself, so that nobody has it while the server is dead.
  let port = Int.random(in: 20_000..<32_000)
  private(set) var server: Child?

  init() throws {
    home = NSTemporaryDirectory() + "/hookup-e2e-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
  }

  deinit {
    server?.kill9()
    try? FileManager.default.removeItem(atPath: home)
  }

  var url: String { "ws://127.0.0.1:\(port)/" }

  /// Starts the server, always on the same port.
  func startServer() throws {
    let child = try Child(
      "hookup-chat-server",
      ["--port", "\(port)", "--data", "\(home)/server", "--log-level", "error"], home: home)
    let lines = try child.waitForLines { !$0.isEmpty }
    guard lines == ["listening on \(url)"] else {
      throw HarnessError("the server said \(lines), \(try child.waitForEnd().errors)")
    }
    server = child
  }

  func killServer() {
    server?.kill9()
    server = nil
  }

  func send(_ nick: String, wait: String = "60s") throws -> Child {
    try Child(
      "hookup-chat",
      [
        "send", url, "--nick", nick, "--room", "ops", "--data", "\(home)/\(nick)", "--wait=\(wait)",
      ], home: home)
  }

  /// The room's whole log, by `tail`.
  func log(count: Int, seconds: Int = 60) throws -> [Entry] {
    let tail = try Child(
      "hookup-chat",
      [
        "tail", url, "--nick", "reader", "--room", "ops", "--since", "0", "--json", "--count",
        "\(count)", "--for",
        "\(seconds)s",
      ], home: home)
    let (status, lines, errors) = try tail.waitForEnd(Double(seconds) + 30)
    guard status == 0 else {
      throw HarnessError("tail ended with \(status): \(lines.count) lines, \(errors)")
    }
    return try lines.map { try JSONDecoder().decode(Entry.self, from: Data($0.utf8)) }
  }
}

/// One line of `hookup-chat tail --json`.
struct Entry: Codable, Hashable {
  var room: String
  var offset: UInt64
  var id: String
  var from: String
  var time: String
  var text: String
}

/// One line of `hookup-chat send`.
struct StateChange: Codable, Hashable {
  var line: Int?
  var id: String
  var state: String
  var offset: UInt64?
  var reason: String?

  static func parse(_ lines: [String]) throws -> [StateChange] {
    try lines.map { try JSONDecoder().decode(StateChange.self, from: Data($0.utf8)) }
  }
}

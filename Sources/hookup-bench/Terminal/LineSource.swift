import Glibc
import HookupEngine
import Synchronization

/// Where the lines come from that a chat program shows.
protocol LineSource: Sendable {
  /// What the program is told to connect to.
  var port: Int { get }
  /// Returns when the program under test reads the room.
  func waitForReader() async throws
  /// Says these lines in the room, in order; returns when they are all on their way.
  func say(_ lines: [String]) async throws
}

extension LineSource {
  /// Says lines evenly over time. What falls behind is made up for.
  func say(_ lines: [String], perSecond rate: Int) async throws {
    let clock = ContinuousClock()
    let start = clock.now
    for (index, line) in lines.enumerated() {
      try await clock.sleep(until: start + .nanoseconds(index * 1_000_000_000 / rate))
      try await say([line])
    }
  }
}

/// What is said: lines of words, of 20 to 90 bytes, from a seed.
struct LineText {
  private var random: RandomSource
  private var count = 0
  private static let words = [
    "the", "deploy", "is", "green", "again", "who", "looks", "at", "staging", "after", "lunch",
    "queue", "window", "retry", "and", "then", "we", "ship", "it", "before", "friday",
  ]

  init(seed: UInt64) { random = RandomSource(seed: seed) }

  mutating func next() -> String {
    let length = 14 + Int(random.next() % 71)
    var line = "\(count)"
    count += 1
    while line.utf8.count < length {
      line += " " + Self.words[Int(random.next() % UInt64(Self.words.count))]
    }
    return line
  }

  mutating func lines(_ count: Int) -> [String] { (0..<count).map { _ in next() } }

  /// A word that shares no sign with any line, nor with the one before it at the same place, so that a program that
  /// paints only what has changed still has to paint all of it.
  static func mark(_ number: Int) -> String {
    String(
      (0..<12).map { index in
        Character(Unicode.Scalar(UInt8(ascii: "A") + UInt8((index * 5 + number * 7) % 26)))
      })
  }
}

/// The lines of a real `hookup-chat-server`, said by a client in this process.
final class HookupLines: LineSource {
  static let room = "ops"
  let port: Int
  private let client: ChatClient
  private let reading: Task<Void, Never>
  private let running: Task<Void, Never>
  private let arrivals: AsyncStream<Void>
  private let room: RoomName
  /// Messages that wait to be stored, at most.
  private static let window = 1_024

  /// - Parameter reader: the nick whose arrival is waited for.
  init(port: Int, reader: String) throws(HookupError) {
    self.port = port
    room = try RoomName(Self.room)
    let nick = try Nick("bob")
    client = try ChatClient(
      "ws://127.0.0.1:\(port)/", configuration: ChatClient.Configuration(nick: nick),
      logger: .quietBench)
    let (client, room) = (client, room)
    let (arrivals, arrived) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    self.arrivals = arrivals
    running = Task { try? await client.run() }
    reading = Task {
      for await update in client.updates {
        switch update {
        case .arrived(_, let nick) where nick.text == reader: arrived.yield()
        case .joined(let snapshot) where snapshot.members.contains { $0.text == reader }:
          arrived.yield()
        default: break
        }
      }
    }
    client.join(room)
  }

  deinit {
    client.close()
    running.cancel()
    reading.cancel()
  }

  func waitForReader() async throws {
    for await _ in arrivals { return }
    throw HookupError(.closed, "the client that speaks has ended")
  }

  func say(_ lines: [String]) async throws {
    var rest = lines[...]
    while !rest.isEmpty {
      if client.unsettledCount < Self.window {
        try await client.say(contentsOf: Array(rest.prefix(64)), in: room)
        rest = rest.dropFirst(64)
      } else {
        try await Task.sleep(for: .milliseconds(1))
      }
    }
  }
}

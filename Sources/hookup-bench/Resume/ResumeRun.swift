import Foundation
import HookupCore
import HookupEngine
import HookupSQLite
import Logging

/// One client and one server of `hookup.resume.v1` in this process: messages sent and awaited until they are delivered.
struct ResumeRun {
  /// What survives which failure.
  enum Durability: String, CaseIterable {
    /// Both sides sync: fdatasync here before a message goes, SQLite there before it is acked; many share one.
    case commit
    /// Here it is written and not synced, there it is remembered in memory.
    case os
  }

  var durability: Durability
  var window: Int
  var bytes: Int
  var measured: Duration
  /// The calls of `send` at a time, which share the window.
  var senders = 16

  struct Outcome {
    var messages: Int
    var seconds: Double
    var messagesPerSecond: Double { seconds > 0 ? Double(messages) / seconds : 0 }
  }

  func run(in directory: String) async throws -> Outcome {
    try await withServer(in: directory) { try await load($0, directory) }
  }

  /// Runs `body` with the URL of a server that confirms what it gets.
  func withServer<Value: Sendable>(
    in directory: String, _ body: @escaping @Sendable (String) async throws -> Value
  ) async throws -> Value {
    var configuration = ServerConfiguration(port: 0)
    let (urls, started) = AsyncStream.makeStream(of: String.self)
    configuration.onStart = { started.yield("\($0.url)") }
    configuration.shutdownTimeout = .zero
    let store: SQLiteChatStore? =
      durability == .commit ? try SQLiteChatStore(directory: directory + "/server") : nil
    configuration.sessions = SessionOptions(store: store ?? MemorySessionStore())
    configuration.acknowledgements = .byHandler
    let server = HookupServer(configuration: configuration, logger: Self.logger) { connection in
      for await event in connection.events {
        if case .request(_, let acknowledgement) = event { acknowledgement.confirm() }
      }
    }
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask {
        try await server.run()
        return nil
      }
      group.addTask {
        defer { server.shutDown() }
        for await url in urls { return try await body(url) }
        return nil
      }
      var outcome: Value?
      for try await found in group { outcome = found ?? outcome }
      try await store?.close()
      guard let outcome else { throw HookupError(.closed, "the run ended before it had begun") }
      return outcome
    }
  }

  static var logger: Logger {
    var logger = Logger(label: "hookup-bench.resume")
    logger.logLevel = .error
    return logger
  }

  func clientConfiguration(in directory: String) -> ClientConfiguration {
    var configuration = ClientConfiguration()
    configuration.formats = [ResumeFormat()]
    configuration.buffer = .file(
      directory: directory + "/client", sync: durability == .commit ? .commit : .os)
    configuration.maximumInFlightMessages = window
    return configuration
  }

  private func load(_ url: String, _ directory: String) async throws -> Outcome {
    let configuration = clientConfiguration(in: directory)
    return try await withHookupClient(url, configuration: configuration, logger: Self.logger) {
      client in
      async let _: Void = { for await _ in client.events {} }()
      let text = String(repeating: "x", count: bytes)
      let batch = Array(repeating: Message.text(text), count: max(1, window / senders))
      // Connected and warm.
      try await client.delivered(try await client.send(.text(text)))
      let begin = ContinuousClock.now
      let messages = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<min(senders, window) {
          group.addTask {
            var count = 0
            while begin.duration(to: .now) < measured {
              let outcomes = try await client.send(contentsOf: batch)
              guard let last = try outcomes.last?.get() else { break }
              // All before it are delivered with it, or had failed, which nothing here can bring about.
              try await client.delivered(last)
              count += outcomes.count
            }
            return count
          }
        }
        return try await group.reduce(0, +)
      }
      return Outcome(messages: messages, seconds: begin.duration(to: .now).inSeconds)
    }
  }
}

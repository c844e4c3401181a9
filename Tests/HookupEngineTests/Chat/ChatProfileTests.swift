import HookupCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ChatProfileTests {
  private func nick(_ text: String) throws -> Nick { try Nick(text) }

  private func write(_ text: String, to path: String) throws {
    let files = SystemFiles()
    let file = try files.open(path, creating: true)
    defer { files.close(file) }
    try Array(text.utf8).withUnsafeBytes { try files.write(file, at: 0, $0) }
  }

  /// Queues one message, as a chat without a server does.
  private func queue(in profile: ChatProfile) async throws {
    var configuration = ClientConfiguration()
    configuration.buffer = .file(directory: profile.outboxDirectory)
    let client = try HookupClient(
      "ws://127.0.0.1:1/", configuration: configuration, logger: .quiet)
    try await client.send("queued")
    client.close()
    try await client.run()
  }

  @Test func `a new profile is the same person when it is opened again`() async throws {
    try await withTemporaryDirectory { directory in
      let place = directory + "/new/profile"
      let first = try ChatProfile.open(directory: place, nick: nick("alice"))
      let again = try ChatProfile.open(directory: place, nick: nick("alice"))
      #expect(again.client == first.client)
      #expect(first.outboxDirectory == place + "/outbox")
      #expect(try ChatProfile.client(in: place, nick: nick("alice")) == first.client)
      let other = try ChatProfile.open(directory: directory, nick: nick("alice"))
      #expect(other.client != first.client)
    }
  }

  @Test func `the profile goes by another nick once nothing is queued, and can be used at once`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      let first = try ChatProfile.open(directory: directory, nick: nick("alice"))
      for name in Array(repeating: ["bob", "alice"], count: 10).flatMap({ $0 }) {
        let profile = try ChatProfile.open(directory: directory, nick: nick(name))
        #expect(profile.client == first.client)
        // Throws unless the look into the outbox has let go of its lock.
        try DirectoryLock(directory: profile.outboxDirectory).release()
      }
    }
  }

  @Test func `queued messages are not put into somebody else's mouth`() async throws {
    try await withTemporaryDirectory { directory in
      let profile = try ChatProfile.open(directory: directory, nick: nick("alice"))
      try await queue(in: profile)
      let error = #expect(throws: HookupError.self) {
        _ = try ChatProfile.open(directory: directory, nick: nick("bob"))
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("--nick alice") == true)
      #expect(error?.message.contains("for bob") == true)
      let again = try ChatProfile.open(directory: directory, nick: nick("alice"))
      #expect(again.client == profile.client)
    }
  }

  @Test(arguments: [
    "", "alice", "00000000000000000000000000000000", "0123 alice",
    "00000000000000000000000000000000 no nick", "00000000000000000000000000000000 -x",
  ])
  func `a damaged file is named and left alone`(text: String) async throws {
    try await withTemporaryDirectory { directory in
      let path = directory + "/client"
      try SystemFiles().makeDirectory(directory)
      try write(text, to: path)
      let error = #expect(throws: HookupError.self) {
        _ = try ChatProfile.open(directory: directory, nick: nick("alice"))
      }
      #expect(error?.code == .corrupt)
      #expect(error?.message.contains(path) == true)
      let files = SystemFiles()
      let file = try files.open(path, creating: false)
      defer { files.close(file) }
      #expect(try files.size(file) == text.utf8.count)
      #expect(try files.names(in: directory).sorted().filter { !$0.hasPrefix(".") } == ["client"])
    }
  }

  @Test func `a directory that cannot be made is named, with a way out`() async throws {
    try await withTemporaryDirectory { directory in
      try SystemFiles().makeDirectory(directory)
      try write("x", to: directory + "/file")
      let error = #expect(throws: HookupError.self) {
        _ = try ChatProfile.open(directory: directory + "/file/profile", nick: nick("alice"))
      }
      #expect(error?.code == .storage)
      #expect(error?.message.contains(directory + "/file") == true)
    }
  }

  @Test func `who only reads has the id of the same nick, and else one of no account`() async throws
  {
    try await withTemporaryDirectory { directory in
      let alice = try ChatProfile.open(directory: directory, nick: nick("alice")).client
      #expect(try ChatProfile.client(in: directory, nick: nick("alice")) == alice)
      let bob = try ChatProfile.client(in: directory, nick: nick("bob"))
      #expect(bob != alice)
      #expect(try ChatProfile.client(in: directory, nick: nick("bob")) != bob)
      #expect(try ChatProfile.client(in: nil, nick: nick("alice")) != alice)
      #expect(
        try ChatProfile.client(in: directory, nick: nick("alice")) == alice, "nothing changed")
    }
  }
}

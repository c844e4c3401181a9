import HookupEngine
import NIOCore
import Testing

@testable import hookup_bench

/// The test peer for old clients, on the wire.
@Suite(.timeLimit(.minutes(1))) struct LegacyPeerTests {
  @Test func `text and JSON come back in an envelope, an ack comes first`() async throws {
    try await withBenchServer(.legacy) { url in
      var (connection, texts) = try await RawClient.open(url, ["jsonProtocol"])
      connection.say(#"{"type":"text","content":"hi"}"#)
      #expect(await texts.next() == #"{"type":"text","content":"hi"}"#)
      connection.say("bare")
      #expect(await texts.next() == #"{"type":"text","content":"bare"}"#)
      connection.say(#"{"type":"json","content":[1,2]}"#)
      #expect(await texts.next() == #"{"type":"json","content":[1,2]}"#)
      for request in [
        #"{"type":"ack_request","id":7,"content":{"type":"text","content":"a"}}"#,
        #"{"type":"ack_request","id":7,"message":{"type":"text","content":"a"}}"#,
        #"{"id":7,"type":"ack_request","content":"a"}"#,
      ] {
        connection.say(request)
        #expect(await texts.next() == #"{"type":"ack","id":7}"#)
        #expect(await texts.next() == #"{"type":"text","content":"a"}"#)
      }
      connection.abort()
    }
  }

  @Test func `a client that offers no name is spoken to in jsonProtocol`() async throws {
    try await withBenchServer(.legacy) { url in
      var (connection, texts) = try await RawClient.open(url)
      connection.say(#"{"type":"ack_request","id":1,"content":"a"}"#)
      #expect(await texts.next() == #"{"type":"ack","id":1}"#)
      connection.abort()
    }
  }

  @Test func `noack inside an ack_request is not acked`() async throws {
    try await withBenchServer(.legacy) { url in
      var (connection, texts) = try await RawClient.open(url, ["jsonProtocol"])
      connection.say(#"{"type":"ack_request","id":1,"content":{"type":"text","content":"!noack"}}"#)
      connection.say(#"{"type":"ack_request","id":2,"content":"a"}"#)
      #expect(await texts.next() == #"{"type":"text","content":"!noack"}"#)
      #expect(await texts.next() == #"{"type":"ack","id":2}"#)
      connection.abort()
    }
  }

  @Test(arguments: [
    ("content", #"{"type":"ack_request","id":1,"content":{"type":"text","content":"asked"}}"#),
    ("message", #"{"type":"ack_request","id":1,"message":{"type":"text","content":"asked"}}"#),
    ("string", #"{"type":"ack_request","id":1,"content":"asked"}"#),
    ("json", #"{"type":"ack_request","id":1,"content":{"asked":true}}"#),
  ])
  func `ask sends an ack_request in each form and reports the ack`(
    _ form: String, _ request: String
  ) async throws {
    try await withBenchServer(.legacy) { url in
      var (connection, texts) = try await RawClient.open(url, ["jsonProtocol"])
      connection.say(#"{"type":"text","content":"!ask \#(form)"}"#)
      #expect(await texts.next() == request)
      // An unknown ack is ignored.
      connection.say(#"{"type":"ack","id":99}"#)
      connection.say(#"{"type":"ack","id":1}"#)
      #expect(await texts.next() == #"{"acked":1}"#)
      connection.abort()
    }
  }

  @Test func `ask reports an ack that does not come, and a late one changes nothing`() async throws
  {
    try await withBenchServer(.legacy) { url in
      var (connection, texts) = try await RawClient.open(url, ["jsonProtocol"])
      connection.say("!ask string 20")
      #expect(await texts.next() == #"{"type":"ack_request","id":1,"content":"asked"}"#)
      #expect(await texts.next() == #"{"ack_failed":1}"#)
      connection.say(#"{"type":"ack","id":1}"#)
      connection.say("!ask json")
      #expect(await texts.next() == #"{"type":"ack_request","id":2,"content":{"asked":true}}"#)
      connection.abort()
    }
  }

  @Test func `simpleJson has no envelopes and no commands`() async throws {
    try await withBenchServer(.legacy) { url in
      var (connection, texts) = try await RawClient.open(url, ["simpleJson"])
      for text in ["hi", #"{"a":1}"#, "!ask content"] {
        connection.say(text)
        #expect(await texts.next() == text)
      }
      connection.send(.binary(ByteBuffer(string: "b")), written: nil)
      #expect(await texts.next() == "binary b")
      connection.abort()
    }
  }

  @Test func `the package's own client is acked`() async throws {
    try await withBenchServer(.legacy) { url in
      try await withHookupClient(url.description) { client in
        let receipt = try await client.send(.text("hello").needsAck(within: .seconds(20)))
        for await event in client.events {
          if case .acknowledged = event { return }
        }
        Issue.record("the client ended without an ack for \(receipt)")
      }
    }
  }
}

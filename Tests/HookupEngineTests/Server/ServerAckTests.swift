import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct ServerAckTests {
  private static let request =
    #"{"type":"ack_request","id":7,"content":{"type":"text","content":"hi"}}"#

  @Test func `on receipt, the ack comes before the handler sees the message`() async throws {
    try await withServer { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(
        address, subprotocols: ["jsonProtocol"])
      connection.send(text: Self.request)
      #expect(try await client.heard.next() == .text(#"{"type":"ack","id":7}"#))
      #expect(try await client.heard.next() == .text(#"{"type":"text","content":"hi"}"#))
    }
  }

  @Test func `by the handler, nothing is acked until it confirms`() async throws {
    try await withServer(
      configured {
        $0.acknowledgements = .byHandler
      }
    ) { connection in
      for await event in connection.events {
        guard case .request(let content, let acknowledgement) = event else { continue }
        try await connection.send(Message(content))
        acknowledgement.confirm()
        try await connection.send("after")
      }
    } body: { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(
        address, subprotocols: ["jsonProtocol"])
      connection.send(text: Self.request)
      #expect(try await client.heard.next() == .text(#"{"type":"text","content":"hi"}"#))
      #expect(try await client.heard.next() == .text(#"{"type":"ack","id":7}"#))
      #expect(try await client.heard.next() == .text(#"{"type":"text","content":"after"}"#))
    }
  }

  @Test func `an acked message is reported once, acks for others are ignored`() async throws {
    let events = Mailbox<String>()
    try await withServer { connection in
      let id = try await connection.send(Message.text("a").needsAck(within: .seconds(50)))
      events.put("sent \(id ?? 0)")
      for await event in connection.events {
        if case .connected = event { continue }
        events.put("\(event)")
      }
    } body: { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(
        address, subprotocols: ["jsonProtocol"])
      #expect(
        try await client.heard.next()
          == .text(#"{"type":"ack_request","id":1,"content":{"type":"text","content":"a"}}"#))
      for id in ["9", "1", "1"] { connection.send(text: #"{"type":"ack","id":\#(id)}"#) }
      connection.send(text: "end")
      #expect(try await events.next() == "sent 1")
      #expect(try await events.next() == "acknowledged(1)")
      #expect(try await events.next() == #"text("end")"#)
    }
  }

  @Test func `without an ack in time the message fails, once, and a late ack changes nothing`()
    async throws
  {
    let events = Mailbox<String>()
    try await withServer { connection in
      try await connection.send(Message.text("a").needsAck(within: .milliseconds(200)))
      try await connection.send(Message.text("b").needsAck(within: .milliseconds(50)))
      for await event in connection.events {
        switch event {
        case .ackFailed(let message): events.put("failed \(message.content)")
        case .text(let text): events.put(text)
        case .acknowledged: events.put("acked")
        default: break
        }
      }
    } body: { _, address in
      let (_, connection, _) = try await TestWebSocket.connect(
        address, subprotocols: ["jsonProtocol"])
      #expect(try await events.next() == #"failed text("b")"#)
      #expect(try await events.next() == #"failed text("a")"#)
      connection.send(text: #"{"type":"ack","id":1}"#)
      connection.send(text: "end")
      #expect(try await events.next() == "end")
    }
  }

  @Test func `messages without their ack fail when the connection ends`() async throws {
    let events = Mailbox<String>()
    try await withServer { connection in
      try await connection.send(Message.text("a").needsAck(within: .seconds(50)))
      for await event in connection.events { events.put("\(event)".prefix(12).description) }
    } body: { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(
        address, subprotocols: ["jsonProtocol"])
      _ = try await client.heard.next()
      connection.abort()
      #expect(try await events.next() == "connected")
      #expect(try await events.next() == "ackFailed(Ho")
      #expect(try await events.next() == "disconnected")
    }
  }

  @Test func `a subprotocol without acks refuses to send what wants one`() async throws {
    let errors = Mailbox<HookupError?>()
    try await withServer { connection in
      do {
        try await connection.send(Message.text("a").needsAck())
      } catch {
        errors.put(error as? HookupError)
      }
      try await echo(connection)
    } body: { _, address in
      let (_, _, _) = try await TestWebSocket.connect(address)
      let error = try await errors.next()
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("'simpleJson' has no acks") == true)
    }
  }

  @Test func `at the limit of messages in flight a send waits for an ack`() async throws {
    let events = Mailbox<String>()
    try await withServer(
      configured {
        $0.limits.messagesInFlight = 1
      }
    ) { connection in
      try await connection.send(Message.text("a").needsAck(within: .seconds(50)))
      events.put("try: \(try connection.trySend(Message.text("no").needsAck()))")
      try await connection.send(Message.text("b").needsAck(within: .seconds(50)))
      events.put("sent b")
    } body: { _, address in
      let (client, connection, _) = try await TestWebSocket.connect(
        address, subprotocols: ["jsonProtocol"])
      _ = try await client.heard.next()
      #expect(try await events.next() == "try: false")
      #expect(events.count == 0)
      connection.send(text: #"{"type":"ack","id":1}"#)
      #expect(try await events.next() == "sent b")
      #expect(
        try await client.heard.next()
          == .text(#"{"type":"ack_request","id":2,"content":{"type":"text","content":"b"}}"#))
    }
  }
}

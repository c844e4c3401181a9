import HookupCore
import Testing

@testable import HookupEngine

/// A server that speaks its half of a session by hand, and what the client makes of its numbered messages.
@Suite(.timeLimit(.minutes(1)))
struct ClientDeliveryTests {
  /// Welcomes with a numbering of its own; tells the test what it hears.
  private final class ScriptedServer: FrameHandler {
    let epoch: UInt64
    let frames: [ResumeFrame]
    let hellos = Mailbox<SessionHello>()
    let acks = Mailbox<UInt64>()
    let connections = Mailbox<ServerConnection>()

    init(epoch: UInt64, _ frames: [ResumeFrame]) {
      self.epoch = epoch
      self.frames = frames
    }

    func received(_ frames: [WireFrame], from connection: ServerConnection) {
      for frame in frames {
        let heard: ResumeFrame? = try? ResumeFormat.decode(frame)
        switch heard {
        case .hello(let hello): welcome(hello, connection)
        case .ack(let through, _): acks.put(through)
        default: break
        }
      }
    }

    /// The first ack of anything: an ack of nothing only tells the credit.
    func firstAck() async throws -> UInt64 {
      while true {
        let through = try await acks.next()
        if through > 0 { return through }
      }
    }

    private func welcome(_ hello: SessionHello, _ connection: ServerConnection) {
      hellos.put(hello)
      connections.put(connection)
      let welcome = SessionHello(
        client: nil, incarnation: 1, connection: hello.connection,
        sending: SessionHello.Sending(epoch: epoch, low: 1, high: 4, acked: 0),
        receiving: SessionHello.Receiving(
          epoch: hello.sending.epoch, committed: hello.sending.acked, tag: 0),
        credit: 100, maximumMessageBytes: 1_000)
      for frame in [.welcome(welcome)] + frames {
        if let wire = try? ResumeFormat.encode(frame) { connection.reply(wire) }
      }
    }
  }

  private static func numbered(_ sequence: UInt64) -> ResumeFrame {
    .numbered(
      ResumeFrame.Numbered(sequence: sequence, tag: sequence, content: .text("\(sequence)")))
  }

  private static func serve(
    _ server: ScriptedServer, _ body: @Sendable (ServerAddress) async throws -> Void
  ) async throws {
    var configuration = ServerConfiguration()
    configuration.subprotocols = try SubprotocolRegistry(
      [ResumeFormat()], default: Subprotocol.resume)
    try await withServer(configuration, frames: server) { _, address in try await body(address) }
  }

  private static func delivery(
    _ events: inout ClientEvents.AsyncIterator
  ) async throws -> ClientDelivery {
    try await next(&events) { if case .delivery(let delivery) = $0 { delivery } else { nil } }
  }

  private static func configuration(_ directory: String) -> ClientConfiguration {
    var configuration = ClientConfiguration.quick
    configuration.formats = [ResumeFormat()]
    configuration.buffer = .file(directory: directory)
    return configuration
  }

  @Test func `nothing is committed before all in front of it is confirmed, a skip neither`()
    async throws
  {
    let server = ScriptedServer(
      epoch: 7,
      [Self.numbered(1), .skip(through: 3, tag: 9, reason: .withdrawn), Self.numbered(4)])
    try await withTemporaryDirectory { directory in
      try await Self.serve(server) { address in
        try await withHookupClient(
          address.url, configuration: Self.configuration(directory)
        ) { client in
          var events = client.events.makeAsyncIterator()
          let first = try await Self.delivery(&events)
          let last = try await Self.delivery(&events)
          #expect((first.sequence, last.sequence) == (1, 4))
          #expect(try await server.hellos.next().receiving.committed == 0)
          last.confirm()
          try await server.connections.next().close(.goingAway, reason: "")
          // What the client says it has is what it has handled.
          #expect(try await server.hellos.next().receiving.committed == 0)
          first.confirm()
          #expect(try await server.firstAck() == 4)
        }
      }
    }
  }

  @Test func `a confirmation of a numbering that is over commits nothing in the new one`()
    async throws
  {
    try await withTemporaryDirectory { directory in
      let port = try await freePort()
      let url = "ws://127.0.0.1:\(port)/"
      try await withHookupClient(url, configuration: Self.configuration(directory)) { client in
        var events = client.events.makeAsyncIterator()
        var old: ClientDelivery?
        for epoch in UInt64(7)...8 {
          let server = ScriptedServer(epoch: epoch, [Self.numbered(1)])
          var configuration = ServerConfiguration(port: port)
          configuration.subprotocols = try SubprotocolRegistry(
            [ResumeFormat()], default: Subprotocol.resume)
          configuration.shutdownTimeout = .zero
          let hosted = HookupServer(configuration: configuration, logger: .quiet, frames: server)
          async let running: Void = hosted.run()
          let delivery = try await Self.delivery(&events)
          if let old {
            old.confirm()
            try await server.connections.next().close(.goingAway, reason: "")
            _ = try await server.hellos.next()
            #expect(try await server.hellos.next().receiving.committed == 0)
            delivery.confirm()
            #expect(try await server.firstAck() == 1)
          }
          old = delivery
          hosted.shutDown()
          try await running
        }
      }
    }
  }
}

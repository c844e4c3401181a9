import NIOCore
import Testing

@testable import HookupCore

/// A machine and the actions it ordered, driven with literal times.
struct MachineBench {
  var machine: WebSocketMachine
  private var queue = ActionQueue<WebSocketMachine.Action>()

  init(
    _ role: WebSocketRole, maximumMessageBytes: Int = 1_000,
    keepalive: KeepaliveSettings? = nil, messageTimeout: Duration? = nil,
    compression: PerMessageDeflate? = nil
  ) {
    machine = WebSocketMachine(
      .init(
        role: role, maximumMessageBytes: maximumMessageBytes, keepalive: keepalive,
        messageTimeout: messageTimeout, compression: compression),
      seed: 1, at: .zero)
  }

  /// Feeds one event, and `concluded` whenever the machine asks for it; the other actions it ordered.
  mutating func feed(
    _ event: WebSocketMachine.Event, at seconds: Double = 0
  ) -> [WebSocketMachine.Action] {
    machine.handle(event, at: .seconds(seconds), into: &queue)
    var actions: [WebSocketMachine.Action] = []
    while let action = queue.popFirst() {
      if action == .heardLast {
        machine.handle(.concluded, at: .seconds(seconds), into: &queue)
      } else {
        actions.append(action)
      }
    }
    return actions
  }

  mutating func receive(_ bytes: [UInt8], at seconds: Double = 0) -> [WebSocketMachine.Action] {
    feed(.received(ByteBuffer(bytes: bytes)), at: seconds)
  }
}

/// An unmasked frame, as a server orders to write it.
func written(_ first: UInt8, _ payload: [UInt8] = []) -> WebSocketMachine.Action {
  .write(ByteBuffer(bytes: Sample.frame(first, payload, to: .client)))
}

func writtenClose(_ code: UInt16, _ reason: String = "") -> WebSocketMachine.Action {
  .write(ByteBuffer(bytes: Sample.close(code, reason, to: .client)))
}

@Suite struct WebSocketMachineTests {
  @Test func `a server sends its messages plain and a client masks its own with changing keys`() {
    var server = MachineBench(.server)
    var output = ByteBuffer()
    #expect(server.machine.append(.text("Hello"), to: &output) == true)
    #expect(output == ByteBuffer(bytes: Sample.text("Hello", to: .client)))
    #expect(server.machine.sendsEncodedFrames() == true)

    var client = MachineBench(.client)
    var first = ByteBuffer()
    var second = ByteBuffer()
    #expect(client.machine.append(.text("Hello"), to: &first))
    #expect(client.machine.append(.text("Hello"), to: &second) == true)
    #expect(first.getBytes(at: 0, length: 2) == [0x81, 0x85])
    #expect(first != second)
    var reader = MachineBench(.server)
    #expect(reader.feed(.received(first)) == [.deliver(.text("Hello"))])
    #expect(reader.feed(.received(second)) == [.deliver(.text("Hello"))])
    #expect(client.machine.sendsEncodedFrames() == false)
  }

  @Test func `nothing is sent any more once the closing has begun`() {
    var bench = MachineBench(.server)
    var output = ByteBuffer()
    _ = bench.feed(.close(.normal, reason: ""))
    #expect(bench.machine.append(.text("late"), to: &output) == false)
    #expect(bench.machine.sendsEncodedFrames() == false)
    #expect(output.readableBytes == 0)
  }

  @Test func `a silent peer is pinged, reported and dropped`() throws {
    var bench = MachineBench(.server, keepalive: KeepaliveSettings())
    let pingAt = try #require(bench.machine.nextDeadline).nanoseconds
    let base = Double(pingAt) / 1e9 + 0.001
    let ping = bench.feed(.timer, at: base)
    guard case .write(let frame)? = ping.first else {
      Issue.record("no ping: \(ping)")
      return
    }
    #expect(ping.count == 1)
    #expect(frame.getBytes(at: 0, length: 2) == [0x89, 0x08])
    #expect(bench.feed(.timer, at: base + 2.001) == [.stalled(true)])
    #expect(bench.feed(.timer, at: base + 10.001) == [.abort])
    #expect(bench.machine.nextDeadline == nil)
    #expect(
      bench.feed(.disconnected, at: base + 11) == [
        .closed(code: .abnormal, reason: "the peer did not answer a ping", byPeer: false)
      ])
  }

  @Test func `when it pings next is told as long as it would`() throws {
    var bench = MachineBench(.client, keepalive: KeepaliveSettings(pingsAtOnce: true))
    #expect(bench.machine.pings().last == nil)
    #expect(bench.machine.pings().next == .zero)
    _ = bench.feed(.timer)
    #expect(bench.machine.pings().last == .zero)
    #expect(bench.machine.pings().next == nil)
    _ = bench.receive([0x8A, 0], at: 1)
    #expect(try #require(bench.machine.pings().next) > .seconds(14))
    _ = bench.feed(.close(.normal, reason: ""))
    #expect(bench.machine.pings().last == .zero)
    #expect(bench.machine.pings().next == nil)
  }

  @Test func `a pong tells the round trip and ends the stall`() throws {
    var bench = MachineBench(.client, keepalive: KeepaliveSettings())
    let ping = bench.feed(.timer, at: 17)
    var reader = MachineBench(.server)
    guard case .write(let frame)? = ping.first,
      case .write(let pong)? = reader.feed(.received(frame)).first
    else {
      Issue.record("no ping or pong")
      return
    }
    #expect(bench.feed(.timer, at: 19) == [.stalled(true)])
    #expect(bench.feed(.received(pong), at: 20) == [.stalled(false), .measured(.seconds(3))])
  }

  @Test func `half a header is life too, and so is an empty pong`() {
    for sign in [[0x81], [0x8A, 0x00]] as [[UInt8]] {
      var bench = MachineBench(.client, keepalive: KeepaliveSettings())
      _ = bench.feed(.timer, at: 17)
      _ = bench.feed(.timer, at: 19)
      #expect(bench.receive(sign, at: 20) == [.stalled(false)])
      #expect(bench.feed(.timer, at: 30) == [])
    }
  }

  @Test func `a timer that fires too early does nothing`() {
    var bench = MachineBench(.server, keepalive: KeepaliveSettings())
    #expect(bench.feed(.timer, at: 1) == [])
    var off = MachineBench(.server)
    #expect(off.machine.nextDeadline == nil)
    #expect(off.feed(.timer, at: 1_000) == [])
  }

  @Test func `while reading is stopped the peer is not pinged`() {
    var bench = MachineBench(.server, keepalive: KeepaliveSettings())
    #expect(bench.feed(.reading(true)) == [])
    #expect(bench.feed(.reading(false)) == [.read(false)])
    #expect(bench.feed(.reading(false)) == [])
    #expect(bench.machine.nextDeadline == nil)
    #expect(bench.feed(.reading(true), at: 100) == [.read(true)])
    #expect(bench.machine.nextDeadline.map { $0 > .seconds(113) } == true)
  }

  @Test func `stopping to read ends a reported stall`() {
    var bench = MachineBench(.server, keepalive: KeepaliveSettings())
    _ = bench.feed(.timer, at: 17)
    _ = bench.feed(.timer, at: 19)
    #expect(bench.feed(.reading(false), at: 20) == [.stalled(false), .read(false)])
  }

  @Test func `the limits of a message's size are themselves limited`() {
    #expect(
      WebSocketMachine.Configuration(role: .client, maximumMessageBytes: -1).maximumMessageBytes
        == 0)
    #expect(
      WebSocketMachine.Configuration(role: .client, maximumMessageBytes: .max).maximumMessageBytes
        == 1 << 30)
  }
}

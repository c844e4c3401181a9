import NIOCore
import Testing

@testable import HookupCore

@Suite struct WebSocketMachineReadingTests {
  @Test(arguments: [WebSocketRole.client, .server])
  func `messages are handed over in order`(role: WebSocketRole) {
    var bench = MachineBench(role)
    #expect(
      bench.receive(
        Sample.text("one", to: role) + Sample.frame(0x82, [2], to: role)
          + Sample.frame(0x01, Array("th".utf8), to: role)
          + Sample.frame(0x80, Array("ree".utf8), to: role))
        == [.deliver(.text("one")), .deliver(.binary([2])), .deliver(.text("three"))])
  }

  @Test func `a ping is answered with its payload, in its place among the messages`() {
    var bench = MachineBench(.server)
    #expect(
      bench.receive(
        Sample.frame(0x89, Array("a".utf8), to: .server) + Sample.text("m", to: .server)
          + Sample.frame(0x89, [], to: .server))
        == [written(0x8A, Array("a".utf8)), .deliver(.text("m")), written(0x8A)])
  }

  @Test func `pings between fragments are answered at once`() {
    var bench = MachineBench(.server)
    #expect(bench.receive(Sample.frame(0x01, Array("a".utf8), to: .server)) == [])
    #expect(
      bench.receive(Sample.frame(0x89, [7], to: .server)) == [written(0x8A, [7])])
    #expect(
      bench.receive(Sample.frame(0x80, Array("b".utf8), to: .server)) == [.deliver(.text("ab"))])
  }

  @Test func `of a flood of pings only so many are answered, and then the latest`() {
    var bench = MachineBench(.server)
    let flood = (0..<100).flatMap { Sample.frame(0x89, [$0], to: .server) }
    #expect(bench.receive(flood) == (0..<32).map { written(0x8A, [$0]) })
    #expect(bench.receive(Sample.frame(0x89, [200], to: .server)) == [])
    #expect(bench.feed(.flushed) == [written(0x8A, [200])])
    #expect(bench.feed(.flushed) == [])
    #expect(bench.receive(Sample.frame(0x89, [201], to: .server)) == [written(0x8A, [201])])
  }

  @Test func `pongs nobody asked for are taken in silence`() {
    var bench = MachineBench(.server)
    #expect(bench.receive(Sample.frame(0x8A, Array("hi".utf8), to: .server)) == [])
    #expect(bench.receive(Sample.text("on", to: .server)) == [.deliver(.text("on"))])
  }

  /// The first byte, the payload, the code and the reason it is refused with.
  @Test(
    arguments: [
      (0xC1, [], 1002, "a reserved bit is set"), (0x83, [], 1002, "the opcode 3 is reserved"),
      (0x8B, [], 1002, "the opcode 11 is reserved"),
      (0x09, [], 1002, "a control frame is fragmented"),
      (0x89, Array(repeating: 0, count: 126), 1002, "a control frame is too long"),
      (0x80, [], 1002, "a continuation frame continues nothing"),
      (0x81, [0xFF], 1007, "a text message is not valid UTF-8"),
      (0x82, Array(repeating: 0, count: 1_001), 1009, "a message is larger than 1000 bytes"),
      (0x88, [1], 1002, "a close frame has half a code"),
      (0x88, [3, 0xED], 1002, "the close code 1005 is not allowed"),
      (0x88, [3, 0xE8, 0xFF], 1007, "a close reason is not valid UTF-8"),
    ] as [(UInt8, [UInt8], UInt16, String)])
  func `a bad frame fails the connection after the messages in front of it`(
    first: UInt8, payload: [UInt8], code: UInt16, reason: String
  ) {
    var bench = MachineBench(.server)
    #expect(
      bench.receive(
        Sample.text("good", to: .server) + Sample.frame(first, payload, to: .server)
          + Sample.text("lost", to: .server))
        == [.deliver(.text("good")), writtenClose(code, reason), .closeOutput])
    #expect(bench.receive(Sample.text("ignored", to: .server)) == [])
    #expect(
      bench.feed(.disconnected) == [
        .closed(code: CloseCode(rawValue: code), reason: reason, byPeer: false)
      ])
  }

  @Test func `a client that does not mask is refused at its second byte`() {
    var bench = MachineBench(.server)
    #expect(bench.receive([0x81]) == [])
    #expect(
      bench.receive([0x05]) == [writtenClose(1002, "a client's frame is not masked"), .closeOutput])
  }

  @Test func `a length of 2^63 or more costs nothing`() {
    for top in [0x7F, 0x80, 0xFF] as [UInt8] {
      var bench = MachineBench(.server)
      let actions = bench.receive(
        [0x82, 0xFF, top] + Array(repeating: 0xFF, count: 7) + [1, 2, 3, 4])
      #expect(actions.last == .closeOutput)
      #expect(actions.count == 2)
    }
  }

  @Test func `the answer to a message in front of a bad frame goes before the close frame`() {
    var machine = WebSocketMachine(.init(role: .server, keepalive: nil), seed: 1, at: .zero)
    var queue = ActionQueue<WebSocketMachine.Action>()
    let bytes = Sample.text("good", to: .server) + Sample.frame(0xC1, [], to: .server)
    machine.handle(.received(ByteBuffer(bytes: bytes)), at: .zero, into: &queue)
    #expect(queue.drain() == [.deliver(.text("good")), .heardLast])
    var output = ByteBuffer()
    #expect(machine.append(.text("answer"), to: &output) == true)
    machine.handle(.received(ByteBuffer(bytes: bytes)), at: .zero, into: &queue)
    #expect(queue.drain() == [])
    machine.handle(.concluded, at: .zero, into: &queue)
    #expect(queue.drain() == [writtenClose(1002, "a reserved bit is set"), .closeOutput])
    #expect(machine.append(.text("late"), to: &output) == false)
  }

  @Test func `an owner that never reports is waited for until the close timeout`() {
    var machine = WebSocketMachine(
      .init(role: .server, keepalive: KeepaliveSettings(), closeTimeout: .seconds(5)), seed: 1,
      at: .zero)
    var queue = ActionQueue<WebSocketMachine.Action>()
    let bytes = Sample.text("good", to: .server) + Sample.close(1000, to: .server)
    machine.handle(.received(ByteBuffer(bytes: bytes)), at: .seconds(1), into: &queue)
    #expect(queue.drain() == [.deliver(.text("good")), .heardLast])
    #expect(machine.nextDeadline == .seconds(6))
    machine.handle(.timer, at: .seconds(5.9), into: &queue)
    #expect(queue.drain() == [])
    machine.handle(.timer, at: .seconds(6), into: &queue)
    #expect(queue.drain() == [writtenClose(1000), .closeSocket])
  }

  @Test func `the owner may still answer an earlier read when the close frame comes alone`() {
    var machine = WebSocketMachine(.init(role: .server, keepalive: nil), seed: 1, at: .zero)
    var queue = ActionQueue<WebSocketMachine.Action>()
    let close = ByteBuffer(bytes: Sample.close(1000, to: .server))
    machine.handle(.received(close), at: .zero, into: &queue)
    #expect(queue.drain() == [.heardLast])
    var output = ByteBuffer()
    #expect(machine.append(.text("answer"), to: &output) == true)
    machine.handle(.concluded, at: .zero, into: &queue)
    #expect(queue.drain() == [writtenClose(1000), .closeSocket])
  }

  @Test func `bytes that others hold are copied, or unmasked where they lie when that is promised`()
  {
    let frame = Sample.text("Hello", to: .server)
    for inPlace in [false, true] {
      var machine = WebSocketMachine(
        .init(role: .server, keepalive: nil, unmasksInPlace: inPlace), seed: 1, at: .zero)
      var queue = ActionQueue<WebSocketMachine.Action>()
      let bytes = ByteBuffer(bytes: frame)
      machine.handle(.received(bytes), at: .zero, into: &queue)
      #expect(queue.drain() == [.deliver(.text("Hello"))])
      #expect((bytes == ByteBuffer(bytes: frame)) == !inPlace)
    }
  }

  @Test func `a stray report that messages were delivered changes nothing`() {
    var bench = MachineBench(.server)
    #expect(bench.feed(.concluded) == [])
    #expect(bench.receive(Sample.text("on", to: .server)) == [.deliver(.text("on"))])
  }

  /// What a stream gives must not depend on how the network cut it.
  @Test(arguments: [WebSocketRole.client, .server])
  func `a stream cut anywhere gives the same actions`(role: WebSocketRole) {
    let stream =
      Sample.text("Hello", to: role) + Sample.frame(0x89, [1, 2], to: role)
      + Sample.frame(0x01, Array("€".utf8.prefix(2)), to: role)
      + Sample.frame(0x80, Array("€!".utf8.dropFirst(2)), to: role)
      + Sample.close(4_000, "done", to: role)
    var whole = MachineBench(role)
    let expected = whole.receive(stream)
    #expect(expected.count == (role == .server ? 5 : 4))
    for cut in 0...stream.count {
      var bench = MachineBench(role)
      let actions = bench.receive(Array(stream[..<cut])) + bench.receive(Array(stream[cut...]))
      #expect(actions == expected, "cut at \(cut)")
    }
  }
}

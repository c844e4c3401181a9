import NIOCore
import Testing

@testable import HookupCore

@Suite struct WebSocketMachineClosingTests {
  @Test func `a server answers a close frame and closes the socket`() {
    var bench = MachineBench(.server)
    #expect(
      bench.receive(Sample.close(1001, "leaving", to: .server)) == [
        writtenClose(1001), .closeSocket,
      ])
    #expect(bench.machine.nextDeadline == .seconds(5))
    #expect(
      bench.feed(.disconnected) == [.closed(code: .goingAway, reason: "leaving", byPeer: true)])
    #expect(bench.machine.nextDeadline == nil)
  }

  @Test func `an empty close frame is answered with an empty one`() {
    var bench = MachineBench(.server)
    #expect(bench.receive(Sample.frame(0x88, [], to: .server)) == [written(0x88), .closeSocket])
    #expect(bench.feed(.disconnected) == [.closed(code: .noStatus, reason: "", byPeer: true)])
  }

  @Test(
    arguments: Array(1000...1003) + Array(1007...1014) + [3000, 3999, 4000, 4999] as [UInt16])
  func `every code that may stand on the wire is answered with itself`(code: UInt16) {
    var bench = MachineBench(.server)
    #expect(bench.receive(Sample.close(code, to: .server)) == [writtenClose(code), .closeSocket])
  }

  @Test(
    arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] as [UInt16])
  func `every other code is a breach of the protocol`(code: UInt16) {
    var bench = MachineBench(.server)
    #expect(
      bench.receive(Sample.close(code, to: .server)) == [
        writtenClose(1002, "the close code \(code) is not allowed"), .closeOutput,
      ])
  }

  @Test func `a client answers a close frame and waits for the server to close the socket`() {
    var bench = MachineBench(.client)
    let actions = bench.receive(Sample.close(1012, to: .client), at: 1)
    #expect(actions.count == 1)
    #expect(bench.machine.nextDeadline == .seconds(6))
    #expect(bench.feed(.timer, at: 6) == [.abort])
    #expect(
      bench.feed(.disconnected) == [.closed(code: .serviceRestart, reason: "", byPeer: true)])
  }

  @Test func `a message in front of the close frame is handed over first`() {
    var bench = MachineBench(.server)
    #expect(
      bench.receive(Sample.text("last", to: .server) + Sample.close(1000, to: .server)) == [
        .deliver(.text("last")), writtenClose(1000), .closeSocket,
      ])
  }

  @Test func `our close waits for the peer's and still takes what it sends`() {
    var bench = MachineBench(.server)
    #expect(bench.feed(.close(.goingAway, reason: "bye"), at: 1) == [writtenClose(1001, "bye")])
    #expect(bench.machine.nextDeadline == .seconds(6))
    #expect(bench.receive(Sample.text("late", to: .server), at: 2) == [.deliver(.text("late"))])
    #expect(bench.receive(Sample.frame(0x89, [], to: .server), at: 2) == [])
    #expect(bench.receive(Sample.close(1001, to: .server), at: 3) == [.closeSocket])
    #expect(bench.machine.nextDeadline == .seconds(6))
    #expect(bench.receive(Sample.text("no", to: .server), at: 3) == [])
    #expect(
      bench.feed(.disconnected) == [.closed(code: .goingAway, reason: "bye", byPeer: false)])
  }

  @Test func `a peer that never answers our close is dropped`() {
    var bench = MachineBench(.client)
    _ = bench.feed(.close(.normal, reason: "done"), at: 1)
    #expect(bench.feed(.timer, at: 5.9) == [])
    #expect(bench.feed(.timer, at: 6) == [.abort])
    #expect(
      bench.feed(.disconnected) == [.closed(code: .normal, reason: "done", byPeer: false)])
  }

  @Test func `closing twice, or after the end, does nothing`() {
    var bench = MachineBench(.server)
    _ = bench.feed(.close(.normal, reason: "first"))
    #expect(bench.feed(.close(.internalError, reason: "second")) == [])
    #expect(
      bench.feed(.disconnected) == [.closed(code: .normal, reason: "first", byPeer: false)])
    #expect(bench.feed(.close(.normal, reason: "")) == [])
    #expect(bench.feed(.abort) == [])
    #expect(bench.feed(.disconnected) == [])
    #expect(bench.receive(Sample.text("x", to: .server)) == [])
  }

  @Test func `a code that may not be sent becomes an empty close frame`() {
    var bench = MachineBench(.server)
    #expect(bench.feed(.close(.abnormal, reason: "x")) == [written(0x88)])
    #expect(bench.feed(.disconnected) == [.closed(code: .noStatus, reason: "", byPeer: false)])
  }

  @Test func `a socket that just ends is an abnormal close by the peer`() {
    var bench = MachineBench(.client)
    #expect(bench.feed(.disconnected) == [.closed(code: .abnormal, reason: "", byPeer: true)])
  }

  @Test func `a socket's error is the reason, unless there was one before`() {
    var bench = MachineBench(.client)
    #expect(bench.feed(.failed("connection reset")) == [])
    #expect(
      bench.feed(.disconnected) == [
        .closed(code: .abnormal, reason: "connection reset", byPeer: true)
      ])
    var closing = MachineBench(.client)
    _ = closing.feed(.close(.normal, reason: "done"))
    _ = closing.feed(.failed("connection reset"))
    #expect(
      closing.feed(.disconnected) == [.closed(code: .normal, reason: "done", byPeer: false)])
  }

  @Test func `an abort drops the socket at once`() {
    var bench = MachineBench(.client)
    #expect(bench.feed(.abort) == [.abort])
    #expect(bench.machine.nextDeadline == nil)
    #expect(
      bench.feed(.disconnected) == [
        .closed(code: .abnormal, reason: "dropped on request", byPeer: false)
      ])
  }

  @Test
  func `a client that was wronged leaves the closing of the socket to the server, for a while`() {
    var bench = MachineBench(.client)
    let actions = bench.receive([0xC1, 0x00], at: 1)
    #expect(actions.count == 1)
    #expect(bench.feed(.timer, at: 6) == [.abort])
  }

  @Test func `a breach of the protocol during the closing handshake ends it`() {
    var bench = MachineBench(.server)
    _ = bench.feed(.close(.normal, reason: "done"))
    #expect(bench.receive(Sample.frame(0xC1, [], to: .server)) == [.closeSocket])
    #expect(bench.machine.nextDeadline == .seconds(5))
    #expect(
      bench.feed(.disconnected) == [.closed(code: .normal, reason: "done", byPeer: false)])
  }

  @Test func `closing reads on where reading was stopped, for the peer's close frame only`() {
    var bench = MachineBench(.server)
    _ = bench.feed(.reading(false))
    #expect(bench.feed(.close(.normal, reason: "")) == [writtenClose(1000), .read(true)])
    #expect(
      bench.receive(Sample.text("unwanted", to: .server) + Sample.close(1000, to: .server))
        == [.closeSocket])
  }

  @Test func `closing while the last messages are handed over ends in the peer's close`() {
    var machine = WebSocketMachine(.init(role: .server, keepalive: nil), seed: 1, at: .zero)
    var queue = ActionQueue<WebSocketMachine.Action>()
    let bytes = Sample.text("last", to: .server) + Sample.close(1000, to: .server)
    machine.handle(.received(ByteBuffer(bytes: bytes)), at: .zero, into: &queue)
    _ = queue.drain()
    machine.handle(.close(.goingAway, reason: ""), at: .zero, into: &queue)
    machine.handle(.concluded, at: .zero, into: &queue)
    #expect(queue.drain() == [writtenClose(1001), .closeSocket])
  }
}

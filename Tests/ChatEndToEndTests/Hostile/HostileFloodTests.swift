import Foundation
import Testing

/// What hostile peers cost a server with nothing configured, seen from outside: its memory, its processor time, its descriptors, and
/// what an honest client feels of it.
extension EndToEnd {
  @Suite(.serialized, .timeLimit(.minutes(5)))
  struct HostileFloodTests {
    /// A server that sends everything back.
    final class Target {
      let child: Child
      let port = Int.random(in: 20_000..<32_000)
      var figures: ProcessFigures { ProcessFigures(pid: child.pid) }

      /// - Parameter style: nil: the package's example, with nothing configured. `events` or `frames`: the benchmark's, whose limits
      ///   are larger.
      init(style: String? = nil) throws {
        if let style {
          child = try Child(
            "hookup-bench", ["serve", "--mode", "echo", "--style", style, "--port", "\(port)"],
            home: NSTemporaryDirectory())
          try child.waitForLines(30) { $0.contains { $0.hasPrefix("listening on ") } }
        } else {
          child = try Child("echo-server", ["\(port)"], home: NSTemporaryDirectory())
          // Its own line is kept back by the pipe; its log is not.
          try child.waitForErrors(30) { $0.contains("listening") }
        }
      }

      deinit { child.kill9() }
    }

    /// What a flood sends again and again, in one piece of some 64 KiB, once its WebSocket is open.
    struct Flood: CustomTestStringConvertible, Sendable {
      var testDescription: String
      /// Sent once, first.
      var opening: [UInt8] = []
      var unit: [UInt8]
      var reads = true
      /// Whether the flood is of plain bytes in front of any request.
      var isHTTP = false

      var piece: [UInt8] {
        Array(repeating: unit, count: max(1, 65_536 / unit.count)).flatMap { $0 }
      }
    }

    static let floods = [
      Flood(testDescription: "pings", unit: BlockingPeer.frame(0x89, [1])),
      Flood(
        testDescription: "pings whose pongs nobody reads", unit: BlockingPeer.frame(0x89),
        reads: false),
      Flood(testDescription: "pongs", unit: BlockingPeer.frame(0x8A)),
      Flood(testDescription: "empty messages", unit: BlockingPeer.frame(0x82)),
      Flood(testDescription: "messages of one byte", unit: BlockingPeer.frame(0x82, [1])),
      Flood(
        testDescription: "messages whose echoes nobody reads",
        unit: BlockingPeer.frame(0x82, Array(repeating: 7, count: 1_000)), reads: false),
      Flood(
        testDescription: "fragments of one byte", opening: BlockingPeer.frame(0x02),
        unit: BlockingPeer.frame(0x00, [1])),
      Flood(
        testDescription: "empty fragments", opening: BlockingPeer.frame(0x02),
        unit: BlockingPeer.frame(0x00)),
      Flood(
        testDescription: "empty lines in front of a request", opening: [0x0D], unit: [0x0A, 0x0D],
        isHTTP: true),
    ]

    @Test(arguments: floods)
    func `a flood takes bounded memory and leaves others their share`(flood: Flood) throws {
      let target = try Target()
      let honest = try BlockingPeer(port: target.port)
      try honest.upgrade()
      for _ in 0..<50 { _ = try honest.roundTrip() }
      let before = try target.figures.residentKiB()
      let flooders = try (0..<4).map { _ in try Flooder(flood, port: target.port) }
      var trips: [Double] = []
      var most = before
      let end = ContinuousClock.now + .seconds(Effort.isLong ? 20 : 3)
      while ContinuousClock.now < end {
        trips.append(try honest.roundTrip())
        most = max(most, try target.figures.residentKiB())
      }
      let sent = flooders.reduce(0) { $0 + $1.stop() }
      trips.sort()
      let median = trips[trips.count / 2]
      print(
        "\(flood.testDescription): \(sent >> 20) MiB sent, memory +\((most - before) >> 10) MiB, honest round "
          + "trips: \(trips.count), median \(Int(median * 1e3)) ms, longest \(Int(trips[trips.count - 1] * 1e3)) ms"
      )
      // For each of the four: one message, the marks of its buffers, and what its handler holds.
      #expect(most - before < 64 << 10)
      // A turn of the event loop reads once from each, 128 KiB of tiny frames at most: some tenths of a second in a build for
      // debugging on a machine that the flooders share, some milliseconds otherwise.
      #expect(median < 3)
      #expect(trips[trips.count - 1] < 10)
    }

    /// Floods on a thread of its own, with a new connection whenever the server closes the last one.
    final class Flooder: @unchecked Sendable {
      // Unchecked: all that changes is under the condition.
      private let condition = NSCondition()
      private var isStopped = false
      private var isOver = false
      private var sent = 0
      private var peer: BlockingPeer?

      init(_ flood: Flood, port: Int) throws {
        Thread.detachNewThread { [self] in
          while !condition.withLock({ isStopped }) {
            guard let peer = try? BlockingPeer(port: port, receiveBytes: flood.reads ? nil : 4_096),
              flood.isHTTP || (try? peer.upgrade()) != nil
            else { break }
            condition.withLock { self.peer = peer }
            run(flood, peer)
          }
          condition.withLock {
            isOver = true
            condition.broadcast()
          }
        }
      }

      private func run(_ flood: Flood, _ peer: BlockingPeer) {
        peer.send(flood.opening)
        let piece = flood.piece
        while !condition.withLock({ isStopped }) {
          guard peer.send(piece) else { return }
          condition.withLock { sent += piece.count }
          while flood.reads {
            guard let bytes = peer.receive(waits: false) else { return }
            if bytes.isEmpty { break }
          }
        }
      }

      /// How many bytes it sent.
      func stop() -> Int {
        condition.lock()
        defer { condition.unlock() }
        isStopped = true
        peer?.shutDown()
        while !isOver, condition.wait(until: Date(timeIntervalSinceNow: 30)) {}
        return sent
      }
    }

    @Test(arguments: ["events", "frames"])
    func `silent connections without end take no descriptors for longer than their time`(
      style: String
    ) throws {
      let target = try Target(style: style)
      let before = try target.figures.descriptors()
      let silent = try (0..<200).map { _ in try BlockingPeer(port: target.port) }
      // Ten seconds by default, and each is closed at its own.
      let time = ContinuousClock().measure { for peer in silent { #expect(peer.receive() == nil) } }
      #expect(time < .seconds(BlockingPeer.limit))
      let deadline = Date(timeIntervalSinceNow: 10)
      while try target.figures.descriptors() > before + 2, Date() < deadline { usleep(20_000) }
      #expect(try target.figures.descriptors() <= before + 2)
    }

    @Test
    func `without descriptors accepting waits and does not spin, and goes on when there are some`()
      throws
    {
      let target = try Target(style: "frames")
      let honest = try BlockingPeer(port: target.port)
      try honest.upgrade()
      let allowed = try target.figures.descriptors() + 20
      try target.figures.limitDescriptors(to: allowed)
      // More than it can accept: the rest waits in the kernel.
      var crowd = try (0..<100).map { _ in try BlockingPeer(port: target.port) }
      try target.child.waitForErrors(30) { $0.contains("accepting pauses") }
      let before = try target.figures.cpuSeconds()
      usleep(1_500_000)
      let spent = try target.figures.cpuSeconds() - before
      print("without descriptors: \(Int(spent * 1e3)) ms of CPU in 1.5 s")
      #expect(spent < 0.3)
      // Tried again meanwhile, it has taken all it may: at the first failure something else may have held one for a moment. The limit
      // is one of numbers: what this process had open while it started the server may have been inherited with a higher one.
      let held = try target.figures.descriptorNumbers().count { $0 < allowed }
      #expect(held == allowed)
      #expect(try honest.roundTrip() < 5)
      crowd = []
      let late = try BlockingPeer(port: target.port)
      try late.upgrade()
      #expect(try late.roundTrip() < 5)
      #expect(crowd.isEmpty)
    }
  }
}

import HookupCore
import Testing

@testable import HookupTUI

/// The promise of the screen: wherever the link is cut, no message is lost, and none is shown in a state that it is not in.
@Suite struct DeliveryCutTests {
  @Test(arguments: 0..<20)
  func `fifty cuts lose nothing and show nothing wrong`(_ part: UInt64) throws {
    try Fuzz.rounds(1, "cuts, part \(part)", offset: part << 32) { random, place in
      var world = try DeliveryWorld(seed: random.next())
      var step = 0
      while world.cuts < 50 {
        step += 1
        try world.step()
        let isCut = random.next() % 12 == 0
        if isCut { try world.cut() }
        var faults = isCut || step % 3 == 0 ? world.faults() : []
        if step % 25 == 0 { faults += world.pictureFaults() }
        guard faults.isEmpty else {
          Issue.record("step \(step), cut \(world.cuts): \(faults.prefix(3)), \(place)")
          return
        }
        guard step < 50_000 else {
          Issue.record("only \(world.cuts) cuts, \(place)")
          return
        }
      }
      try world.calm()
      #expect(world.endFaults() == [], place)
      world.stage.resize(80, 100)
      #expect(world.pictureFaults() == [], place)
      #expect(world.said.count >= 20, place)
      #expect(world.seen.isSuperset(of: ["queued", "stored"]), place)
    }
  }

  @Test func `the oracle notices a wrong state, a lost message and one that is shown twice`() throws
  {
    var world = try DeliveryWorld(seed: 1)
    for _ in 0..<400 { try world.step() }
    try world.calm()
    #expect(world.endFaults() == [] && world.pictureFaults() == [])
    var lost = world
    lost.stage.press(Key(.character("x")))
    lost.stage.feed(.chat(.own(world.message(0, .failed(reason: "invented")))))
    lost.said[1].committed = 999
    lost.said.swapAt(2, 3)
    #expect(lost.endFaults().count >= 2)
    var silent = world
    silent.said.append(
      DeliveryWorld.Said(text: "gone", id: try MessageID("gone"), isAccepted: true))
    #expect(!silent.endFaults().isEmpty)
  }
}

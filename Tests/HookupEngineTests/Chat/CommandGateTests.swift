import Synchronization
import Testing

@testable import HookupEngine

@Suite(.timeLimit(.minutes(1))) struct CommandGateTests {
  @Test func `so many come in, and the next one when one is done`() async {
    let gate = CommandGate(limit: 2)
    let entered = Mailbox<Int>()
    let task = Task {
      for number in 1...4 {
        await gate.enter()
        entered.put(number)
      }
    }
    #expect(try! await [entered.next(), entered.next()] == [1, 2])
    for _ in 1...20 { await Task.yield() }
    #expect(entered.count == 0)
    gate.leave()
    #expect(try! await entered.next() == 3)
    gate.leave()
    await task.value
  }

  @Test func `an open gate lets everything in`() async {
    let gate = CommandGate(limit: 1)
    await gate.enter()
    let task = Task { for _ in 1...100 { await gate.enter() } }
    gate.open()
    await task.value
  }

  @Test func `cancellation opens it`() async {
    let gate = CommandGate(limit: 1)
    await gate.enter()
    let task = Task { await gate.enter() }
    task.cancel()
    await task.value
  }
}

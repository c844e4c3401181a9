import Testing

@testable import hookup_bench

@Suite struct LegacyCommandTests {
  @Test(
    arguments: [
      ("!noack", .noAck), ("!ask content", .ask(.content, milliseconds: 5_000)),
      ("!ask message 20", .ask(.message, milliseconds: 20)),
      ("!ask string", .ask(.string, milliseconds: 5_000)),
      ("!ask  json  1", .ask(.json, milliseconds: 1)),
    ] as [(String, LegacyCommand)])
  func `a command is read`(_ text: String, _ command: LegacyCommand) {
    #expect(LegacyCommand(text) == command)
  }

  @Test(arguments: [
    "", "hello", "noack", "!noack now", "!ask", "!ask xml", "!ask json 0", "!ask json x",
    "!ask json 1 2", "!ask json 600001", "say !noack",
  ])
  func `other text is none`(_ text: String) {
    #expect(LegacyCommand(text) == nil)
  }

  @Test func `an ask is decided once, by its ack or its time`() throws {
    var asks = Asks()
    let firstAsk = asks.open(limit: 2)
    let first = try #require(firstAsk)
    let secondAsk = asks.open(limit: 2)
    let second = try #require(secondAsk)
    #expect((first.id, second.id) == (1, 2))
    #expect(asks.open(limit: 2) == nil)
    #expect(asks.acked(1) == true)
    #expect(first.decide() == false)
    #expect(asks.acked(1) == false)
    #expect(asks.acked(9) == false)
    #expect(second.decide() == true)
    #expect(asks.acked(2) == false)
    let thirdAsk = asks.open(limit: 1)
    let third = try #require(thirdAsk)
    #expect(third.id == 3)
  }
}

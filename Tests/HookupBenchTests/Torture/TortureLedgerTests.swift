import Testing

@testable import hookup_bench

@Suite struct TortureLedgerTests {
  @Test func `a line says who it is and is read back only as it was`() {
    for number in [1, 2, 49, 50, 1_000_000] {
      let line = TortureLine(sender: 3, number: number)
      #expect(TortureLine(parsing: line.text) == line)
      #expect(TortureLine(parsing: line.text + "x") == nil)
      #expect(TortureLine(parsing: String(line.text.dropLast())) == nil)
      // With its line feed, a pipe takes it whole (PIPE_BUF).
      #expect(line.text.utf8.count < 4_096)
    }
    for text in ["", "S1", "S1 0", "S-1 1", "T1 1", "S1 x"] {
      #expect(TortureLine(parsing: text) == nil)
    }
  }

  @Test func `what send prints over two lives becomes one record`() {
    var ids: [String: Int] = [:]
    var sender = TortureEvidence.Sender()
    TortureLedger.read(
      """
      {"line":1,"id":"a","state":"queued"}
      {"line":2,"id":"b","state":"queued"}
      {"line":1,"id":"a","state":"sent"}
      {"line":3,"id":"c","state":"failed","reason":"no room"}
      {"line":1,"id":"a","state":"stored","offset":7}
      {"line":4,"id":"d","sta
      """, first: 11, ids: &ids, into: &sender)
    TortureLedger.read(
      """
      {"id":"b","state":"queued"}
      {"id":"unknown","state":"queued"}
      {"id":"b","state":"stored","offset":8}
      {"line":1,"id":"e","state":"sent"}

      """, first: 15, ids: &ids, into: &sender)
    #expect(sender.confirmed == [11, 12, 15])
    #expect(sender.failed == [13])
    #expect(sender.offsets == [11: 7, 12: 8])
  }

  @Test func `what tail prints is read up to the last whole line`() {
    let output = """
      {"room":"r","offset":3,"id":"x","from":"a","time":"t","text":"S1 1"}
      nonsense
      {"room":"r","offset":4,"id":"y","from":"a","time":"t","text":"S1 2"}
      {"room":"r","offset":5,"id":"z","from":"a","time":"t","text":"S1 3"}
      """
    #expect(
      TortureLedger.entries(output) == [
        .init(offset: 3, id: "x", text: "S1 1"), .init(offset: 4, id: "y", text: "S1 2"),
      ])
    #expect(TortureLedger.entries("no line feed").isEmpty)
  }

  @Test func `what tail says is gone is a gap`() {
    let errors = """
      hookup-chat: #torture: the server no longer keeps 3 to 9
      hookup-chat: something else
      hookup-chat: #torture: the server no longer keeps 9 to 3

      """
    #expect(TortureLedger.gaps(errors) == [3...9])
  }
}

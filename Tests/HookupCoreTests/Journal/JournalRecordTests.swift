import Testing

@testable import HookupCore

@Suite struct JournalRecordTests {
  @Test func `a record's payload lies between its header and its end`() {
    let record = JournalRecord(
      kind: .message, flags: 0, tag: 0, tagBytes: 0, sequence: 1, ackTimeoutMilliseconds: 0,
      durableBytes: 0, start: 100,
      payloadBytes: 5)
    #expect(record.payload == 128..<133)
    #expect(record.end == 133)
  }
}

/// One valid record as it lies in a segment's bytes. Positions are in bytes from the start of those bytes.
package struct JournalRecord: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    /// An entry of the outbox.
    case message = 1
    /// Sequences that are settled: the payload is a list of ranges, each 8 bytes first and 8 bytes last.
    case settled = 2
    /// Sequences whose messages are withdrawn, as a list like that of `settled`. What stands right behind a segment's header replaces what
    /// earlier segments say.
    case withdrawn = 3
  }

  package var kind: Kind
  package var flags: UInt8
  /// The entry's tag; 0 when it has none.
  package var tag: UInt64 = 0
  /// What the tag takes before the payload, in bytes.
  var tagBytes = 0
  /// The entry's sequence; for a list its first sequence.
  package var sequence: UInt64
  package var ackTimeoutMilliseconds: UInt32
  /// How many bytes of the segment were known to be durable when this record was written.
  package var durableBytes: Int
  /// Where the record starts.
  package var start: Int
  /// How long tag and payload are, in bytes.
  package var payloadBytes: Int

  package var payload: Range<Int> { start + JournalRecordCodec.headerBytes + tagBytes..<end }
  package var end: Int { start + JournalRecordCodec.headerBytes + payloadBytes }
}

import NIOCore

@testable import HookupCore

/// The bytes of a segment as an outbox would write them: groups, each durable before the next.
struct JournalFixture {
  var header: JournalSegmentHeader
  private(set) var buffer = ByteBuffer()
  var durable: Int
  /// Where each message's record lies.
  private(set) var records: [UInt64: Range<Int>] = [:]

  init(
    epoch: UInt64 = 7, first: UInt64 = 1, generation: UInt32 = 0, settledBefore: UInt64 = 1,
    spanEnd: UInt64 = 0, confirmsEarly: Bool = false
  ) {
    header = JournalSegmentHeader(
      name: JournalSegmentName(epoch: epoch, first: first, generation: generation),
      settledBefore: settledBefore, spanEnd: spanEnd, confirmsEarly: confirmsEarly)
    header.write(into: &buffer)
    durable = buffer.readableBytes
  }

  var name: JournalSegmentName { header.name }
  var bytes: [UInt8] { Array(buffer.readableBytesView) }
  var count: Int { buffer.readableBytes }

  /// Writes messages as one group.
  mutating func append(_ sequences: some Sequence<UInt64>, isSynchronized: Bool = true) {
    let codec = JournalRecordCodec(name: name)
    for sequence in sequences {
      let start = count
      codec.write(Self.entry(sequence), at: start, durable: durable, into: &buffer)
      records[sequence] = start..<count
    }
    if isSynchronized { durable = count }
  }

  mutating func settle(_ ranges: ClosedRange<UInt64>...) {
    JournalRecordCodec(name: name).write(
      settled: ranges, at: count, durable: durable, into: &buffer)
  }

  mutating func withdraw(_ ranges: ClosedRange<UInt64>..., isSynchronized: Bool = true) {
    JournalRecordCodec(name: name).write(
      withdrawn: ranges, at: count, durable: durable, into: &buffer)
    if isSynchronized { durable = count }
  }

  /// The message that every test writes under `sequence`: 0 to 12 bytes.
  static func entry(_ sequence: UInt64) -> OutboxEntry {
    let text = String(repeating: "\(sequence % 10)", count: Int(sequence * 5 % 13))
    return OutboxEntry(
      sequence: sequence, flags: UInt8(sequence % 2),
      ackTimeoutMilliseconds: UInt32(sequence * 100), payload: ByteBuffer(string: text))
  }

  /// Reads `files` as recovery does.
  static func recover(
    _ files: [(name: JournalSegmentName, bytes: [UInt8])]
  ) throws -> JournalRecovery {
    var recovery = JournalRecovery(names: files.map(\.name))
    for name in recovery.names {
      guard let file = files.first(where: { $0.name == name }) else { continue }
      var failure: HookupError?
      file.bytes.withUnsafeBytes { bytes in
        do throws(HookupError) {
          try recovery.add(bytes, path: name.description)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
    return recovery
  }

  static func recover(_ fixtures: JournalFixture...) throws -> JournalRecovery {
    try recover(fixtures.map { ($0.name, $0.bytes) })
  }

  /// The whole entry that the index says is in `bytes`; nil when it is not there.
  static func load(
    _ sequence: UInt64, _ recovery: JournalRecovery, _ name: JournalSegmentName, _ bytes: [UInt8]
  ) -> OutboxEntry? {
    guard let location = recovery.index[sequence] else { return nil }
    return bytes.withUnsafeBytes { raw in
      let codec = JournalRecordCodec(name: name)
      guard let record = codec.read(raw, at: Int(location.offset)) else { return nil }
      return OutboxEntry(
        sequence: record.sequence, flags: record.flags,
        ackTimeoutMilliseconds: record.ackTimeoutMilliseconds,
        payload: ByteBuffer(bytes: raw[record.payload]))
    }
  }
}

extension JournalRecovery {
  var sequences: [UInt64] { entries.map(\.sequence) }
  var verdicts: [Verdict] { segments.map(\.verdict) }
}

import HookupCore
import HookupEngine
import NIOCore

/// Writes the files of a full outbox as an outbox would have left them, without the memory that one needs.
struct JournalFill {
  let directory: String
  let messageBytes: Int

  func fill(_ count: Int) throws {
    let files = SystemFiles()
    try files.makeDirectory(directory)
    let payload = ByteBuffer(repeating: UInt8(ascii: "x"), count: messageBytes)
    let limit = UInt64(count)
    var next: UInt64 = 1
    var bytes = ByteBuffer()
    while next <= limit {
      bytes.clear()
      let name = JournalSegmentName(epoch: 1, first: next)
      JournalSegmentHeader(name: name, confirmsEarly: true).write(into: &bytes)
      let codec = JournalRecordCodec(name: name)
      repeat {
        let entry = OutboxEntry(
          sequence: next, flags: 0, ackTimeoutMilliseconds: 0, payload: payload)
        let position = bytes.readableBytes
        codec.write(entry, at: position, durable: position, into: &bytes)
        next += 1
      } while next <= limit && bytes.readableBytes < FileOutboxOptions().segmentBytes
      let file = try files.open("\(directory)/\(name)", creating: true)
      defer { files.close(file) }
      try bytes.withUnsafeReadableBytes { try files.write(file, at: 0, $0) }
    }
  }
}

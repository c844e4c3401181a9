import HookupCore
import HookupEngine
import NIOCore

/// Writes the files of a full outbox as an outbox would have left them, without the memory that one needs.
struct JournalFill {
  let directory: String
  let messageBytes: Int
  /// Gives each message a tag of its own, as a session does.
  var isTagged = false

  /// What is written at a time, so that the room for it does not count as the outbox's.
  private static let writeBytes = 64 << 10

  func fill(_ count: Int) throws {
    let files = SystemFiles()
    try files.makeDirectory(directory)
    // As a client stores a text.
    var payload = OutboxEntry(
      sequence: 1, message: .text(String(repeating: "x", count: messageBytes))
    ).payload
    if !isTagged { payload = ByteBuffer(repeating: UInt8(ascii: "x"), count: messageBytes) }
    let limit = UInt64(count)
    var next: UInt64 = 1
    var bytes = ByteBuffer()
    while next <= limit {
      let name = JournalSegmentName(epoch: 1, first: next)
      let file = try files.open("\(directory)/\(name)", creating: true)
      defer { files.close(file) }
      let codec = JournalRecordCodec(name: name)
      var written = 0
      JournalSegmentHeader(name: name, confirmsEarly: true).write(into: &bytes)
      repeat {
        let entry = OutboxEntry(
          sequence: next, flags: 0, ackTimeoutMilliseconds: 0,
          tag: isTagged ? next &* 0x9E37_79B9_7F4A_7C15 : 0, payload: payload)
        let position = written + bytes.readableBytes
        codec.write(entry, at: position, durable: position, into: &bytes)
        next += 1
        if bytes.readableBytes >= Self.writeBytes { try write(&bytes, to: file, &written) }
      } while next <= limit
        && written + bytes.readableBytes < FileOutboxOptions().segmentBytes
      try write(&bytes, to: file, &written)
    }
  }

  private func write(
    _ bytes: inout ByteBuffer, to file: OpenFile, _ written: inout Int
  ) throws {
    try bytes.withUnsafeReadableBytes { try SystemFiles().write(file, at: written, $0) }
    written += bytes.readableBytes
    bytes.clear()
  }
}

import NIOCore
import Testing

@testable import HookupCore

@Suite struct ReceivedCursorTests {
  private func bytes(_ cursor: ReceivedCursor) -> [UInt8] {
    var buffer = ByteBuffer()
    cursor.write(into: &buffer)
    return Array(buffer.readableBytesView)
  }

  private func read(_ bytes: [UInt8]) -> ReceivedCursor? {
    bytes.withUnsafeBytes { ReceivedCursor(reading: $0) }
  }

  @Test func `a cursor is read back as it was written`() {
    for cursor in [
      ReceivedCursor.none, ReceivedCursor(epoch: .max, rx: (1 << 53) - 1, tag: .max),
      ReceivedCursor(epoch: 1, rx: 2, tag: 3),
    ] {
      #expect(bytes(cursor).count == ReceivedCursor.encodedBytes)
      #expect(read(bytes(cursor)) == cursor)
    }
    #expect(bytes(ReceivedCursor(epoch: 1, rx: 2, tag: 3))[8] == 2)
  }

  @Test func `a number beyond every sequence, or another length, is refused`() {
    #expect(read(bytes(ReceivedCursor(epoch: 1, rx: 1 << 53, tag: 3))) == nil)
    #expect(read([]) == nil)
    #expect(read([UInt8](repeating: 0, count: 25)) == nil)
  }
}

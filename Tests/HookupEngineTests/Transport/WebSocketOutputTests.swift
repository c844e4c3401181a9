import NIOCore
import Testing

@testable import HookupEngine

@Suite struct WebSocketOutputTests {
  @Test func `senders stop above the high mark and go on at the low one`() throws {
    var output = WebSocketOutput(highBytes: 10, lowBytes: 4)
    var batches: [WebSocketOutput.Batch] = []
    for (bytes, change) in [(6, nil), (4, nil), (1, false), (5, nil)] as [(Int, Bool?)] {
      output.tail.writeRepeatingByte(0, count: bytes)
      #expect(output.writabilityChange() == change)
      batches.append(try take(&output))
      #expect(output.writabilityChange() == nil)
    }
    #expect(output.bytesInFlight == 16)
    for (batch, change) in zip(batches, [nil, nil, nil, true] as [Bool?]) {
      output.settled(batch)
      #expect(output.writabilityChange() == change)
    }
    #expect(output.isEmpty)
  }

  @Test func `exactly the low mark is low enough`() throws {
    var output = WebSocketOutput(highBytes: 5, lowBytes: 4)
    output.tail.writeRepeatingByte(0, count: 4)
    let four = try take(&output)
    output.tail.writeRepeatingByte(0, count: 2)
    let two = try take(&output)
    #expect(output.writabilityChange() == false)
    output.settled(two)
    #expect(output.writabilityChange() == true)
    output.settled(four)
    #expect(output.writabilityChange() == nil)
  }

  @Test func `a low mark above the high one counts as the high one`() throws {
    var output = WebSocketOutput(highBytes: 2, lowBytes: 1_000)
    output.tail.writeRepeatingByte(0, count: 3)
    #expect(output.writabilityChange() == false)
    #expect(output.writabilityChange() == nil)
  }

  @Test func `small shared frames are copied behind the others, large ones stay their own`() throws
  {
    var output = WebSocketOutput(highBytes: 1, lowBytes: 0)
    let large = ByteBuffer(repeating: 7, count: 4_097)
    output.tail.writeString("a")
    output.append(shared: ByteBuffer(string: "b"))
    output.append(shared: large)
    output.tail.writeString("c")
    let batch = try take(&output)
    #expect(batch.buffers == [ByteBuffer(string: "ab"), large, ByteBuffer(string: "c")])
    #expect(batch.bytes == 4_100)
    #expect(output.take()?.bytes == nil)
  }

  private func take(_ output: inout WebSocketOutput) throws -> WebSocketOutput.Batch {
    let batch = output.take()
    return try #require(batch)
  }
}

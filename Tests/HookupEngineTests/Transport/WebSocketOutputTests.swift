import NIOCore
import Testing

@testable import HookupEngine

@Suite struct WebSocketOutputTests {
  @Test func `senders stop above the high mark and go on when all is handed over`() {
    var output = WebSocketOutput(highBytes: 10)
    output.tail.writeRepeatingByte(0, count: 10)
    #expect(output.writabilityChange() == nil)
    output.tail.writeRepeatingByte(0, count: 1)
    #expect(output.writabilityChange() == false)
    #expect(output.writabilityChange() == nil)
    _ = output.take()
    #expect(output.isEmpty)
    #expect(output.writabilityChange() == true)
  }

  @Test func `a channel that is full stops senders, whatever is collected`() {
    var output = WebSocketOutput(highBytes: 10)
    output.isChannelWritable = false
    #expect(output.writabilityChange() == false)
    output.tail.writeRepeatingByte(0, count: 11)
    output.isChannelWritable = true
    #expect(output.writabilityChange() == nil)
    _ = output.take()
    #expect(output.writabilityChange() == true)
  }

  @Test func `small payloads are copied behind the others, large ones stay where they are`() {
    var output = WebSocketOutput(highBytes: 1)
    let large = ByteBuffer(repeating: 7, count: WebSocketOutput.referencedBytes)
    output.tail.writeString("a")
    output.append(ByteBuffer(string: "b"))
    output.append(large)
    output.tail.writeString("c")
    #expect(output.collectedBytes == large.readableBytes + 3)
    let batch = output.take()
    #expect(batch.buffers == [ByteBuffer(string: "ab"), large])
    #expect(batch.tail == ByteBuffer(string: "c"))
    #expect(output.isEmpty)
  }

  @Test func `the last buffer is the tail, or what lies before it, or empty`() {
    var output = WebSocketOutput(highBytes: 1)
    var nothing = output.take()
    #expect(nothing.removeLast() == ByteBuffer())
    #expect(!nothing.hasTail)

    let large = ByteBuffer(repeating: 7, count: WebSocketOutput.referencedBytes)
    output.append(large)
    var one = output.take()
    #expect(one.removeLast() == large)
    #expect(one.buffers.isEmpty)

    output.append(large)
    output.tail.writeString("x")
    var two = output.take()
    #expect(two.removeLast() == ByteBuffer(string: "x"))
    #expect(two.buffers == [large])
  }

  @Test func `who waits is told with the batch that was collected, and no other`() {
    var output = WebSocketOutput(highBytes: 1)
    output.notify { _ in }
    #expect(!output.isEmpty)
    #expect(output.take().written.count == 1)
    #expect(output.take().written.isEmpty)
  }
}

import HookupCore
import NIOCore
import Testing

@testable import HookupEngine

@Suite struct SendQueueTests {
  private func item(_ bytes: Int) -> SendQueue.Item {
    .encoded(ByteBuffer(repeating: 0, count: bytes))
  }

  @Test func `there is room below the high mark while the socket takes more`() {
    var queue = SendQueue(highBytes: 100)
    queue.append(item(99))
    #expect(queue.hasRoom)
    queue.append(item(50))
    #expect(!queue.hasRoom)
    #expect(!queue.isClogged)
    #expect(queue.take() == [item(99), item(50)])
    #expect(queue.hasRoom)
    #expect(queue.bytes == 0)
  }

  @Test func `nothing is handed over to a full socket, except to close it`() {
    var queue = SendQueue(highBytes: 100)
    queue.isSocketWritable = false
    #expect(!queue.hasRoom)
    queue.append(item(1))
    #expect(queue.take() == [])
    #expect(queue.take(force: true) == [item(1)])
    queue.append(item(2))
    queue.isSocketWritable = true
    #expect(queue.take() == [item(2)])
  }

  @Test func `what may not be refused clogs it at the high mark`() {
    var queue = SendQueue(highBytes: 100)
    queue.isSocketWritable = false
    queue.append(item(99))
    #expect(!queue.isClogged)
    queue.append(item(1))
    #expect(queue.isClogged)
    queue.removeAll()
    #expect(!queue.isClogged)
    #expect(queue.isEmpty)
  }
}

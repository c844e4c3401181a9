import Dispatch
import HookupCore
import HookupEngine
import NIOCore
import Synchronization

/// An outbox that a measurement appends to, with the numbers it gives.
final class JournalBench {
  let outbox: FileOutbox
  private var next: UInt64
  private var unsettled: UInt64
  private let payload: ByteBuffer

  init(directory: String, options: FileOutboxOptions, messageBytes: Int) throws {
    outbox = try FileOutbox.open(directory: directory, options: options)
    next = outbox.recovered.nextSequence
    unsettled = next
    payload = ByteBuffer(repeating: UInt8(ascii: "x"), count: messageBytes)
  }

  /// The next messages, each with bytes of its own, as a program's messages have.
  func makeGroups(_ count: Int, of size: Int) -> [[OutboxEntry]] {
    (0..<count).map { _ in
      (0..<size).map { _ in
        defer { next += 1 }
        var own = ByteBuffer()
        own.writeImmutableBuffer(payload)
        return OutboxEntry(
          sequence: next, flags: 0, ackTimeoutMilliseconds: 0, payload: own)
      }
    }
  }

  /// Appends the groups, each when at most `window` − 1 others wait, and waits for all of them.
  func append(_ groups: [[OutboxEntry]], window: Int) throws {
    let room = DispatchSemaphore(value: 0)
    let failure = Mutex<HookupError?>(nil)
    var outstanding = 0
    for group in groups {
      if outstanding == window {
        room.wait()
        outstanding -= 1
      }
      outbox.append(group) { result in
        if case .failure(let error) = result { failure.withLock { $0 = error } }
        room.signal()
      }
      outstanding += 1
    }
    for _ in 0..<outstanding { room.wait() }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Appends the groups one by one: the completion of each appends the next, so that no other thread has to wake up.
  func appendChained(_ groups: [[OutboxEntry]]) throws {
    let result = Mutex<Result<Void, HookupError>>(.success(()))
    let done = DispatchSemaphore(value: 0)
    let outbox = outbox
    @Sendable func next(_ number: Int) {
      guard number < groups.count else {
        done.signal()
        return
      }
      outbox.append(groups[number]) { appended in
        if case .failure = appended {
          result.withLock { $0 = appended }
          done.signal()
        } else {
          next(number + 1)
        }
      }
    }
    next(0)
    done.wait()
    try result.withLock { $0 }.get()
  }

  /// Settles everything that was appended, and waits until the files went.
  func settleAll() throws {
    outbox.settle(Array(unsettled..<next))
    unsettled = next
    // Files go after the settlement's turn: before the second read.
    for _ in 0..<2 { _ = try read(from: 0, count: 1) }
  }

  func read(from sequence: UInt64, count: Int) throws -> [OutboxEntry] {
    let page = Mutex<Result<[OutboxEntry], HookupError>>(.success([]))
    let done = DispatchSemaphore(value: 0)
    outbox.read(from: sequence, maximumCount: count, maximumBytes: 1 << 20) { result in
      page.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    return try page.withLock { $0 }.get()
  }

  func close() throws {
    let closed = Mutex<Result<Void, HookupError>>(.success(()))
    let done = DispatchSemaphore(value: 0)
    outbox.close { result in
      closed.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    try closed.withLock { $0 }.get()
  }
}

// Appends numbered messages to the outbox in the directory that is the first argument, without end, and says on standard
// output what it knows: `c N` when message N is confirmed, `s N` before it settles it. Every third is settled.
// Its test kills it.

import HookupCore
import HookupEngine
import NIOCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One call to the system, so that a line is whole or not there.
@Sendable func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(1, bytes, bytes.count)
}

guard CommandLine.arguments.count == 2 else { exit(64) }
do {
  let outbox = try FileOutbox.open(
    directory: CommandLine.arguments[1],
    options: FileOutboxOptions(segmentBytes: 64 << 10, settleDelay: .milliseconds(5)))
  var next = outbox.recovered.nextSequence
  let room = AsyncStream.makeStream(of: Void.self)
  var outstanding = 0
  var steps = room.stream.makeAsyncIterator()
  while true {
    let first = next
    let count = first % 4 + 1
    let entries = (first..<first + count).map { sequence in
      OutboxEntry(
        sequence: sequence, flags: 0, ackTimeoutMilliseconds: UInt32(sequence % 1_000),
        payload: ByteBuffer(
          string: "message \(sequence) " + String(repeating: "x", count: Int(sequence % 200))))
    }
    next += count
    outstanding += 1
    outbox.append(entries) { result in
      guard case .success = result else { exit(1) }
      for sequence in first..<first + count {
        say("c \(sequence)")
        if sequence % 3 == 0 {
          say("s \(sequence)")
          outbox.settle([sequence])
        }
      }
      room.continuation.yield()
    }
    if outstanding == 16 {
      await steps.next()
      outstanding -= 1
    }
  }
} catch {
  say("\(error)")
  exit(1)
}

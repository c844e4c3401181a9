/// When a message in the file outbox counts as safely stored.
@nonexhaustive
public enum OutboxSync: Hashable, Sendable {
  /// After fdatasync: it survives power loss. Messages that arrive during one fdatasync share the next.
  case commit
  /// When the system has it; fdatasync follows within the duration. Survives `kill -9` at once, power loss after
  /// that time. Short durations cost like `commit`; long ones widen what a power loss takes.
  case interval(Duration)
  /// When the system has it, and the system writes it out when it likes. Survives `kill -9`; a power loss may take
  /// half a minute of messages.
  case os
}

/// Settings of ``FileOutbox``. Values out of range are moved to the nearest that works.
package struct FileOutboxOptions: Hashable, Sendable {
  /// What a confirmed message survives. Default: `commit`.
  package var sync: OutboxSync
  /// The size of one file, in bytes; 4 KiB to 512 MiB, default 8 MiB. Small files come and go often, large ones keep
  /// settled messages on disk for longer. One append larger than this gets a file of its own.
  package var segmentBytes: Int
  /// The most that one write and fdatasync take together, in bytes; 1 byte to 64 MiB, default 256 KiB. With 1 each append
  /// pays for its own fdatasync; large values let the first of many wait for the last.
  package var groupBytes: Int
  /// Memory for recent messages, so that reading them costs no file access, in bytes; 0 to 1 GiB, default 4 MiB.
  package var cacheBytes: Int
  /// How long it may take until the files say that a message is settled; 0 to 1 minute, default 100 ms. A crash within
  /// this time brings settled messages back.
  package var settleDelay: Duration

  package init(
    sync: OutboxSync = .commit, segmentBytes: Int = 8 << 20, groupBytes: Int = 256 << 10,
    cacheBytes: Int = 4 << 20, settleDelay: Duration = .milliseconds(100)
  ) {
    self.sync = sync
    self.segmentBytes = min(max(segmentBytes, 4 << 10), 512 << 20)
    self.groupBytes = min(max(groupBytes, 1), 64 << 20)
    self.cacheBytes = min(max(cacheBytes, 0), 1 << 30)
    self.settleDelay = min(max(settleDelay, .zero), .seconds(60))
  }

  /// Whether messages are confirmed before they are durable.
  var confirmsEarly: Bool { sync != .commit }

  /// A file larger than this was not written by this program.
  static let maximumFileBytes = 1 << 30
  /// One append, with record headers. A bound of sanity: the client's limits are far below.
  static let maximumAppendBytes = 256 << 20
  /// What may wait for the writing thread; beyond it appends fail. A bound of sanity, twice the default outbox.
  static let maximumQueuedBytes = 128 << 20
}

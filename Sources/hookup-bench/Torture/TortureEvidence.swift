/// Everything that was said, confirmed, stored and read in a run.
struct TortureEvidence: Sendable {
  /// One sender: of its lines 1 to ``tried``, what it said became of each.
  struct Sender: Sendable {
    /// The highest number that was handed to it.
    var tried = 0
    /// Lines that it said are in its outbox, or further.
    var confirmed: Set<Int> = []
    /// Lines that it said failed.
    var failed: Set<Int> = []
    /// Lines that it said are stored, and where.
    var offsets: [Int: UInt64] = [:]
  }

  /// One entry of the room, as somebody read it.
  struct Entry: Hashable, Sendable {
    var offset: UInt64
    var id: String
    var text: String
  }

  /// One reader over all its lives.
  struct Reader: Sendable {
    var entries: [Entry] = []
    /// Offsets of which it was told that they are gone.
    var gaps: [ClosedRange<UInt64>] = []
  }

  var senders: [Int: Sender] = [:]
  /// The server's log, read in one piece at the end.
  var log = Reader()
  /// The offset of the newest entry, as the server said it.
  var last: UInt64 = 0
  var readers: [String: Reader] = [:]
}

/// What is wrong with a run; nothing, if all are 0.
struct TortureVerdict: Hashable, Sendable {
  /// Lines that were confirmed, were not reported as failed, and are not in the log.
  var lost = 0
  /// Lines that are in the log more than once, and entries that a reader saw more than once.
  var doubled = 0
  /// Lines behind a later one of the same sender, and entries that a reader saw behind a later one.
  var reordered = 0
  /// Ranges of offsets that are missing in the log or at a reader, and nobody said so.
  var unreported = 0
  /// Entries that are not what was said, or not what others saw under the same offset.
  var differing = 0
  /// Sentences about the first of them, at most ``maximumFindings``.
  var findings: [String] = []

  static let maximumFindings = 20

  var isClean: Bool {
    lost == 0 && doubled == 0 && reordered == 0 && unreported == 0 && differing == 0
  }

  mutating func find(_ sentence: String) {
    if findings.count < Self.maximumFindings { findings.append(sentence) }
  }
}

/// Which segment files may go, and which are worth writing anew.
///
/// Files go oldest first only: a `settled` record may speak of an entry in an older file, and must not vanish before it.
package struct CompactionPlan: Hashable, Sendable {
  package struct Segment: Hashable, Sendable {
    package var id: UInt32
    /// Bytes written to it.
    package var bytes: Int
    package var unsettled: JournalIndex.Usage

    package init(id: UInt32, bytes: Int, unsettled: JournalIndex.Usage) {
      self.id = id
      self.bytes = bytes
      self.unsettled = unsettled
    }
  }

  /// Make a new, empty segment to write to: then even the newest file goes. Do this before removing.
  package var rollsOver = false
  /// Delete these, in this order: all in them is settled.
  package var removals: [UInt32] = []
  /// Write what is unsettled in these to one file in the place of the first, then delete the others.
  package var merges: [UInt32] = []

  package init() {}

  /// - Parameters:
  ///   - segments: in order of age; the last one is the one that is written to.
  ///   - segmentBytes: the size at which a segment is full.
  package init(segments: [Segment], segmentBytes: Int) {
    guard let newest = segments.last else { return }
    var older = segments.dropLast()
    while let oldest = older.first, oldest.unsettled.entries == 0 {
      removals.append(oldest.id)
      older.removeFirst()
    }
    if older.isEmpty, newest.unsettled.entries == 0, newest.bytes >= segmentBytes / 8 {
      rollsOver = true
      removals.append(newest.id)
    }
    // One message that stays unsettled for long must not keep all later files. At most an eighth is written again,
    // so files in all stay below eight times what is unsettled, plus three segments.
    var bytes = 0
    var unsettled = 0
    for (index, segment) in older.enumerated() {
      bytes += segment.bytes
      unsettled += segment.unsettled.bytes
      if index > 0, bytes >= 2 * segmentBytes, unsettled <= bytes / 8 {
        merges = older.prefix(index + 1).map(\.id)
      }
    }
  }
}

import HookupCore
import NIOCore

extension OutboxWriter {
  /// How long a merge that failed is not tried again.
  private static let mergePause = Duration.seconds(10)

  /// Deletes files that hold only what is settled. What fails is tried again after the next settlement: nothing depends on it.
  func compactIfNeeded() {
    guard needsCompaction, unsafeSegment == nil else { return }
    needsCompaction = false
    let plan = CompactionPlan(
      segments: segments.map {
        CompactionPlan.Segment(id: $0.id, bytes: $0.used, unsettled: index.usage(of: $0.id))
      }, segmentBytes: options.segmentBytes)
    do throws(HookupError) {
      if plan.rollsOver { try rollOver() }
      for id in plan.removals { try remove(id) }
    } catch {
      return
    }
    merge(plan.merges)
  }

  /// Everything is settled: the next entry goes to a new file, whose header says so.
  private func rollOver() throws(HookupError) {
    if let file { files.close(file) }
    file = nil
    syncDeadline = nil
    try startSegment(first: nextSequence, copying: [])
    unsavedSettled.removeAll()
    withdrawn.removeAll()
    settleDeadline = nil
  }

  private func remove(_ id: UInt32) throws(HookupError) {
    // The last one stays: its name carries the next sequence.
    guard let position = segments.firstIndex(where: { $0.id == id }),
      position < segments.count - 1
    else { return }
    forgetReader(of: id)
    try naming { () throws(FileFailure) in try files.remove(segments[position].path) }
    segments.remove(at: position)
  }

  /// Writes what is unsettled in `ids`, the oldest segments, to one file under the name of the first.
  private func merge(_ ids: [UInt32]) {
    let now = MonotonicInstant.now
    guard ids.count > 1, segments.count > ids.count, segments.prefix(ids.count).map(\.id) == ids,
      now >= mergeNotBefore
    else { return }
    let entries = index.entries(
      from: 0, maximumCount: ids.reduce(0) { $0 + index.usage(of: $1).entries },
      maximumBytes: .max)
    do throws(HookupError) {
      let header = JournalSegmentHeader(
        name: segments[0].name, settledBefore: index.lowest ?? nextSequence,
        spanEnd: segments[ids.count].name.first, confirmsEarly: false)
      let (segment, file, copies) = try makeSegment(header, copying: entries)
      files.close(file)
      for id in ids { forgetReader(of: id) }
      for copy in copies { index.move(copy.sequence, to: copy.location) }
      segments.insert(segment, at: ids.count)
      segments.removeFirst()
      // The others hold nothing that is unsettled any more. They stay until it is certain that the merged file does.
      try naming { () throws(FileFailure) in try files.synchronizeDirectory(directory) }
      for id in ids.dropFirst() { try remove(id) }
    } catch {
      mergeNotBefore = now + Self.mergePause
    }
  }
}

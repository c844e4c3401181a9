import Testing

@testable import HookupCore

@Suite struct CompactionPlanTests {
  private func segment(_ id: UInt32, bytes: Int, unsettled: Int) -> CompactionPlan.Segment {
    CompactionPlan.Segment(
      id: id, bytes: bytes,
      unsettled: JournalIndex.Usage(entries: unsettled == 0 ? 0 : 1, bytes: unsettled))
  }

  private func plan(_ segments: CompactionPlan.Segment...) -> CompactionPlan {
    CompactionPlan(segments: segments, segmentBytes: 800)
  }

  @Test func `settled files go from the oldest on, up to the first that is needed`() {
    let plan = plan(
      segment(1, bytes: 800, unsettled: 0), segment(2, bytes: 800, unsettled: 0),
      segment(3, bytes: 800, unsettled: 500), segment(4, bytes: 800, unsettled: 0),
      segment(5, bytes: 100, unsettled: 0))
    #expect(plan.removals == [1, 2])
    #expect(!plan.rollsOver)
  }

  @Test func `the newest stays, however settled, while it is small`() {
    #expect(plan(segment(1, bytes: 99, unsettled: 0)) == CompactionPlan())
    #expect(CompactionPlan(segments: [], segmentBytes: 800) == CompactionPlan())
  }

  @Test func `when all is settled and the newest is large, a fresh file takes its place`() {
    let plan = plan(segment(1, bytes: 800, unsettled: 0), segment(2, bytes: 100, unsettled: 0))
    #expect(plan.rollsOver)
    #expect(plan.removals == [1, 2])
    #expect(
      !self.plan(segment(1, bytes: 800, unsettled: 9), segment(2, bytes: 800, unsettled: 0))
        .rollsOver)
  }

  @Test func `one old message does not keep many files`() {
    let plan = plan(
      segment(1, bytes: 800, unsettled: 100), segment(2, bytes: 800, unsettled: 0),
      segment(3, bytes: 800, unsettled: 700), segment(4, bytes: 800, unsettled: 800))
    #expect(plan.merges == [1, 2])
    #expect(plan.removals == [])
  }

  @Test func `nothing is written again that is not mostly settled, or not worth it`() {
    #expect(
      plan(
        segment(1, bytes: 800, unsettled: 201), segment(2, bytes: 800, unsettled: 0),
        segment(3, bytes: 1, unsettled: 1)
      ).merges == [])
    #expect(
      plan(
        segment(1, bytes: 700, unsettled: 1), segment(2, bytes: 800, unsettled: 0),
        segment(3, bytes: 1, unsettled: 1)
      ).merges == [])
    #expect(
      plan(segment(1, bytes: 4_000, unsettled: 1), segment(2, bytes: 800, unsettled: 0)).merges
        == [])
  }
}

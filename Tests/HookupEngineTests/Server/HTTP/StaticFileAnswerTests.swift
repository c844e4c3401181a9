import HookupCore
import Testing

@testable import HookupEngine

@Suite struct StaticFileAnswerTests {
  private static let facts = StaticFileFacts(
    size: 1_000, modifiedSeconds: 784_111_777, modifiedNanoseconds: 5)
  private static let tag = "\"2ebc98a1.5-3e8\""
  private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
  private static let earlier = "Sun, 06 Nov 1994 08:49:36 GMT"

  private func answer(_ headers: [(String, String)], size: Int64 = 1_000) -> StaticFileAnswer {
    var facts = Self.facts
    facts.size = size
    return StaticFileAnswer(
      facts: facts, headers: HeaderFields(headers.map { .init(name: $0.0, value: $0.1) }))
  }

  @Test func `the validators are the time and the size`() {
    #expect(Self.facts.entityTag == Self.tag)
    #expect(Self.facts.lastModified == Self.date)
  }

  @Test(
    arguments: [
      ("bytes=0-0", .part(0...0)), ("bytes=0-499", .part(0...499)),
      ("bytes=500-", .part(500...999)),
      ("bytes=-1", .part(999...999)), ("bytes=-1000", .part(0...999)),
      ("bytes=-5000", .part(0...999)),
      ("bytes=990-5000", .part(990...999)), ("BYTES=1-2", .part(1...2)),
      ("bytes= 1-2", .part(1...2)), ("bytes=0-99999999999999999999", .part(0...999)),
      ("bytes=1000-", .rangeNotSatisfiable), ("bytes=99999999999999999999-", .rangeNotSatisfiable),
      ("bytes=-0", .rangeNotSatisfiable),
      // Ignored, which is always allowed.
      ("bytes=2-1", .whole), ("bytes=-", .whole), ("bytes=", .whole), ("bytes=a-b", .whole),
      ("bytes=0-1,5-6", .whole), ("bytes=1", .whole), ("bytes=--1", .whole), ("items=0-1", .whole),
      ("bytes=+1-2", .whole), ("0-1", .whole),
    ] as [(String, StaticFileAnswer)])
  func `one range of bytes is honoured, nonsense ignored`(range: String, expected: StaticFileAnswer)
  {
    #expect(answer([("Range", range)]) == expected)
  }

  @Test func `no range of an empty file can be satisfied`() {
    #expect(answer([("Range", "bytes=0-")], size: 0) == .rangeNotSatisfiable)
    #expect(answer([("Range", "bytes=-5")], size: 0) == .rangeNotSatisfiable)
    #expect(answer([], size: 0) == .whole)
  }

  @Test(
    arguments: [
      ([("If-None-Match", tag)], .notModified), ([("if-none-match", "W/" + tag)], .notModified),
      ([("If-None-Match", "\"x\", " + tag)], .notModified),
      ([("If-None-Match", "*")], .notModified),
      ([("If-None-Match", "\"x\"")], .whole),
      ([("If-Modified-Since", date)], .notModified), ([("If-Modified-Since", earlier)], .whole),
      ([("If-Modified-Since", "nonsense")], .whole),
      // The tag wins over the date.
      ([("If-None-Match", "\"x\""), ("If-Modified-Since", date)], .whole),
      ([("If-Match", tag)], .whole), ([("If-Match", "*")], .whole),
      ([("If-Match", "\"x\"")], .preconditionFailed),
      ([("If-Match", "W/" + tag)], .preconditionFailed),
      ([("If-Unmodified-Since", date)], .whole),
      ([("If-Unmodified-Since", earlier)], .preconditionFailed),
      ([("If-Match", "\"x\""), ("If-None-Match", tag)], .preconditionFailed),
      ([("If-None-Match", tag), ("Range", "bytes=0-1")], .notModified),
      ([("If-Range", tag), ("Range", "bytes=0-1")], .part(0...1)),
      ([("If-Range", date), ("Range", "bytes=0-1")], .part(0...1)),
      ([("If-Range", earlier), ("Range", "bytes=0-1")], .whole),
      ([("If-Range", "W/" + tag), ("Range", "bytes=0-1")], .whole),
      ([("Range", "bytes=0-1"), ("Range", "bytes=2-3")], .whole),
    ] as [([(String, String)], StaticFileAnswer)])
  func `conditions are judged in the order of the standard`(
    headers: [(String, String)], expected: StaticFileAnswer
  ) {
    #expect(answer(headers) == expected)
  }

  @Test func `a range is ignored when only the head is asked for`() {
    let facts = StaticFileFacts(size: 10, modifiedSeconds: 1, modifiedNanoseconds: 0)
    let headers = HeaderFields([.init(name: "Range", value: "bytes=1-2")])
    #expect(StaticFileAnswer(facts: facts, headers: headers) == .part(1...2))
    #expect(StaticFileAnswer(facts: facts, headers: headers, isHead: true) == .whole)
  }
}

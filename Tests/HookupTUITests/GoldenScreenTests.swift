import Foundation
import HookupCore
import Testing

@testable import HookupTUI

/// Screens as pictures. `HOOKUP_RECORD=1` writes them anew, to be read before they are committed.
@Suite struct GoldenScreenTests {
  enum Scene: String, CaseIterable, CustomTestStringConvertible {
    case firstRun, quiet, busy, linkLost, resuming, draining, failed, scrolledUp, find, results
    case choosing, help
    var testDescription: String { rawValue }
  }

  static let sizes = [(120, 40), (80, 24), (60, 16), (40, 12), (20, 5)]

  @Test(arguments: Scene.allCases, 0..<sizes.count)
  func `the screen looks as it was drawn`(scene: Scene, size: Int) throws {
    let (columns, rows) = Self.sizes[size]
    let stage = try Self.stage(scene, columns: columns, rows: rows, unicode: true)
    #expect(stage.render().fault == nil)
    try Self.compare(stage.picture(), "\(scene.rawValue)-\(columns)x\(rows)")
  }

  /// What each cell is, from which a theme makes colours, and attributes where there are none.
  @Test(arguments: [Scene.busy, .linkLost, .failed, .find, .choosing, .results])
  func `the styles are as they were drawn`(scene: Scene) throws {
    let stage = try Self.stage(scene, columns: 80, rows: 24, unicode: true)
    try Self.compare(stage.render().stylePicture, "\(scene.rawValue)-80x24-styles")
  }

  @Test(arguments: Scene.allCases)
  func `the ASCII screen looks as it was drawn`(scene: Scene) throws {
    let stage = try Self.stage(scene, columns: 80, rows: 24, unicode: false)
    let picture = stage.picture()
    #expect(picture.utf8.allSatisfy { $0 < 0x80 })
    try Self.compare(picture, "\(scene.rawValue)-80x24-ascii")
  }

  @Test func `panes open over the chat where there is no room beside it`() throws {
    var stage = try Self.stage(.busy, columns: 60, rows: 16, unicode: true)
    stage.press(Key(.function(3)))
    try Self.compare(stage.picture(), "acksPage-60x16")
    var small = try Self.stage(.linkLost, columns: 40, rows: 12, unicode: true)
    small.press(Key(.function(2)))
    try Self.compare(small.picture(), "linkPage-40x12")
    stage.press(Key(.function(3)))
    let plain = try Self.stage(.busy, columns: 60, rows: 16, unicode: true)
    #expect(stage.picture() == plain.picture())
  }

  @Test func `hidden panes give their columns to the chat`() throws {
    var stage = try Self.stage(.busy, columns: 80, rows: 24, unicode: true)
    for number in 2...5 { stage.press(Key(.function(number))) }
    try Self.compare(stage.picture(), "noPanes-80x24")
  }

  @Test func `a draft of many lines takes a third of the screen and keeps the cursor in view`()
    throws
  {
    var stage = try Self.stage(.quiet, columns: 80, rows: 24, unicode: true)
    let text = (1...12).map { "line \($0) of a paste" }.joined(separator: "\n")
    stage.press(Key(.paste(text)))
    #expect(stage.effects == [])
    try Self.compare(stage.picture(), "paste-80x24")
  }

  @Test func `nothing in a hostile message leaves its place`() throws {
    var stage = try Self.stage(.quiet, columns: 80, rows: 24, unicode: true)
    let payloads = [
      "\u{1B}]0;PWNED\u{7}\u{1B}[2J\u{1B}c", "c1 \u{9B}2J \u{9D}", "cr\rbs\u{8}\u{8}\u{8}del\u{7F}",
      "12:00 <root> forged\n12:00   root  forged too", "bidi \u{202E}txet\u{2066}",
      "zero\u{200B}\u{AD}width",
      "bom \u{FEFF}tag \u{E0041}", "a" + String(repeating: "\u{301}", count: 120),
      "sep\u{2028}arator",
      "family \u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} thumb \u{1F44D}\u{1F3FD} flag \u{1F1E9}\u{1F1EA} heart \u{2764}\u{FE0F} key 1\u{FE0F}\u{20E3}",
      "\u{0BA8}\u{0BBF} \u{1112}\u{1161}\u{11AB} \u{1FAE8} \u{5E9}\u{5DC}\u{5D5}\u{5DD} 日本語のテキスト tab\tstop",
    ]
    for payload in payloads { try stage.say("mallory", payload) }
    #expect(stage.render().fault == nil)
    try Self.compare(stage.picture(), "hostile-80x24")
  }

  // MARK: Scenes

  static func stage(_ scene: Scene, columns: Int, rows: Int, unicode: Bool) throws -> Stage {
    var stage = try Stage(columns: columns, rows: rows, unicode: unicode)
    if scene == .firstRun {
      stage.link(.connecting) { $0.attempt = 1 }
      stage.backlog(0, 0)
      stage.type("hello")
      return stage
    }
    try stage.goOnline()
    stage.backlog(0, 0)
    stage.seconds -= 86_400
    try stage.say("bob", "morning. anyone else see the resume stall?")
    try stage.say("carol", "yes, twice. it recovers by itself now")
    stage.seconds += 86_400
    try stage.say("bob", "v0.3 is on staging, please hammer it")
    try stage.own("on it", .stored(offset: 4))
    stage.feed(.chat(.arrived(stage.ops, try Nick("dave"))))
    stage.feed(.chat(.left(stage.ops, try Nick("erin"))))
    switch scene {
    case .busy: try busy(&stage)
    case .linkLost: try linkLost(&stage)
    case .draining: try draining(&stage)
    case .failed: try failed(&stage)
    case .scrolledUp:
      for number in 1...60 { try stage.say("bob", "message number \(number)") }
      stage.press(Key(.pageUp), Key(.pageUp))
      try stage.say("carol", "while you read above")
    case .resuming:
      try linkLost(&stage)
      stage.press(.control("u"))
      resuming(&stage)
      for number in 1...12 { try stage.say("bob", "said while you were away \(number)") }
      stage.seconds += 2
    case .find:
      for number in 1...60 { try stage.say("bob", "message number \(number)") }
      stage.press(.control("s"))
      stage.type("number 2")
      stage.press(.control("r"))
    case .results:
      stage.type("/search staging")
      stage.press(Key(.enter))
      stage.feed(.chat(.found(try hits(stage), more: true)))
      stage.press(Key(.down))
    case .choosing:
      try failed(&stage)
      try stage.say("carol", "see https://staging.example.org/builds/4711/artifacts?x=1 please")
      stage.press(Key(.escape), Key(.up), Key(.up))
    case .help: stage.press(Key(.function(1)))
    default: break
    }
    return stage
  }

  private static func busy(_ stage: inout Stage) throws {
    let dev = try RoomName("dev")
    let bob = try RoomName("@bob")
    for number in 1...3 { try stage.say("carol", "commit \(number)", room: dev) }
    try stage.say("bob", "have a minute, alice?", room: bob)
    try stage.say(
      "carol", "long lines wrap under the text column and never under the nick, so the eye can scan"
    )
    stage.press(Key(.focusLost))
    stage.seconds += 240
    try stage.say("bob", "@alice can you check the ack window?")
    try stage.say("dave", "and the docs")
    stage.press(Key(.focusGained))
    try stage.own("looking now", .stored(offset: 8))
    let first = try stage.own("window is 64, 2 in flight", .sent)
    let second = try stage.own("retrying the flaky runner", .sent)
    try stage.own("this one waits for the link", .buffered)
    stage.pending([(first, 6.31, 2), (second, 0.12, 1)])
    stage.backlog(3, 126)
    stage.type("retry in the morning?")
  }

  private static func linkLost(_ stage: inout Stage) throws {
    let first = stage.clock.now + .milliseconds(400)
    stage.link(.retrying) {
      $0.attempt = 1
      $0.drops = 1
      $0.roundTrip = nil
      $0.connectedSince = nil
      $0.lastFailure = "no pong for 10 s"
      $0.retryAt = first
    }
    for number in 1...4 { try stage.own("written while away \(number)", .buffered) }
    stage.backlog(4, 3_100)
    stage.seconds += 20
    let retry = stage.clock.now + .milliseconds(3_200)
    stage.link(.retrying) {
      $0.attempt = 4
      $0.retryAt = retry
    }
    stage.type("and this")
  }

  private static func resuming(_ stage: inout Stage) {
    let now = stage.clock.now
    stage.link(.online) {
      $0.attempt = 0
      $0.roundTrip = .milliseconds(44)
      $0.connectedSince = now
      $0.encryption = "TLS 1.3"
      $0.lastPing = now
      $0.nextPing = now + .seconds(15)
    }
    stage.feed(
      .chat(
        .joined(
          RoomSnapshot(
            room: stage.ops, topic: "deploy freeze until 14:00",
            members: [stage.me], last: 37))))
  }

  private static func hits(_ stage: Stage) throws -> [ChatHit] {
    try (1...8).map { number in
      ChatHit(
        entry: RoomEntry(
          room: stage.ops, offset: UInt64(number), id: try MessageID("h\(number)"),
          from: try Nick(number % 2 == 0 ? "bob" : "carol"),
          milliseconds: Stage.noon - Int64(number) * 30_000_000, text: ""),
        snippet: "... the \u{2068}staging\u{2069} host answers again, number \(number) of 8 ...")
    }
  }

  private static func draining(_ stage: inout Stage) throws {
    stage.link(.retrying) { $0.lastFailure = "connection reset" }
    for number in 1...3 { try stage.own("kept \(number)", .buffered) }
    stage.seconds += 41
    let now = stage.clock.now
    stage.link(.online) {
      $0.drops = 1
      $0.attempt = 0
      $0.roundTrip = .milliseconds(43)
      $0.connectedSince = now
    }
    stage.backlog(100, 4_000, drained: 0, of: 100)
    stage.seconds += 2
    try stage.own(813, "kept 1", .stored(offset: 20))
    try stage.own(814, "kept 2", .sent)
    stage.pending([(814, 0.04, 2)])
    stage.backlog(64, 2_560, drained: 36, of: 100)
  }

  private static func failed(_ stage: inout Stage) throws {
    try stage.own(
      "rejected: room is read-only", .failed(reason: "forbidden: only carol may write here"))
    try stage.own("a second one", .sent)
    stage.feed(.chat(.refused(code: "bad_topic", message: "topic too long", room: stage.ops)))
  }

  static func compare(_ picture: String, _ name: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/\(name).txt")
    if ProcessInfo.processInfo.environment["HOOKUP_RECORD"] != nil {
      try Data(picture.utf8).write(to: file)
      return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(picture == expected, "\(name) looks different:\n\(picture)")
  }
}

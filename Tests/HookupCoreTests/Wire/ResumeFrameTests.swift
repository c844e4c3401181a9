import NIOCore
import Testing

@testable import HookupCore

@Suite struct ResumeFrameTests {
  @Test func `the words for why numbers are skipped are those of the wire`() {
    #expect(ResumeFrame.SkipReason.allCases.map(\.rawValue) == ["withdrawn", "lost"])
  }

  @Test func `a message is new, and a bye has no window, unless told`() {
    #expect(!ResumeFrame.Numbered(sequence: 1, tag: 2, content: .text("")).isRedelivered)
    #expect(ResumeFrame.Bye(reason: "", resumes: true).after == nil)
  }

  @Test func `frames of chance come back as they were, compactly and in one spelling`() throws {
    var kinds: [Int: Int] = [:]
    try Fuzz.rounds(2_000, "resume frames, there and back") { random, place in
      let (kind, frame) = ResumeSample.frame(using: &random)
      kinds[kind, default: 0] += 1
      let wire = try ResumeFormat.encode(frame)
      let read: ResumeFrame = try ResumeFormat.decode(wire)
      #expect(read == frame, place)
      #expect(try ResumeFormat.encode(read) == wire, place)
    }
    #expect(kinds.count == 8 || kinds.values.reduce(0, +) < 200)
  }

  @Test func `damaged frames are faults, or frames that survive being sent on`() throws {
    var faults: [UInt16: Int] = [:]
    var frames = 0
    try Fuzz.rounds(3_000, "damaged resume frames") { random, place in
      let wire = try ResumeFormat.encode(ResumeSample.frame(using: &random).frame)
      var bytes = Array(wire.payload.readableBytesView)
      Fuzz.mutate(&bytes, using: &random)
      do throws(ResumeFault) {
        let read: ResumeFrame = try ResumeFormat.decode(.text(ByteBuffer(bytes: bytes)))
        let again: ResumeFrame = try ResumeFormat.decode(ResumeSample.encoded(read, place))
        #expect(again == read, place)
        frames += 1
      } catch {
        faults[error.code.rawValue, default: 0] += 1
      }
      // As a wire format it never fails.
      let message = ResumeFormat().decode(.text(ByteBuffer(bytes: bytes)))
      #expect(message != .ack(id: 0), place)
    }
    #expect(Set(faults.keys).isSubset(of: [1002, 4015]), "\(faults)")
    guard frames + faults.values.reduce(0, +) >= 3_000 else { return }
    #expect(frames > 300 && faults[1002, default: 0] > 300, "\(frames) frames, \(faults)")
  }

  @Test func `a hostile megabyte takes a bounded time`() {
    let million = 1 << 20
    let hostile = [
      "{" + String(repeating: #""t":"ack","#, count: million / 10) + #""t":1}"#,
      #"{"t":""# + String(repeating: "\\u0061", count: million / 6) + #""}"#,
      #"{"t":"nack","s":1,"why":""# + String(repeating: "é", count: million / 2) + #""}"#,
      #"{"t":"msg","type":"bin","content":""# + String(repeating: "A", count: million) + #"="}"#,
      #"{"t":"bye","why":"","resume":true,"after":["#
        + String(repeating: "1,", count: million / 2) + "1]}",
      #"{"t":"msg","type":"json","content":"# + String(repeating: "[", count: million),
      "{" + String(repeating: #""\u0000":1,"#, count: million / 11) + #""t":"ack"}"#,
    ]
    let clock = ContinuousClock()
    let elapsed = clock.measure {
      for text in hostile {
        _ = try? ResumeFormat.decode(.text(ByteBuffer(string: text))) as ResumeFrame
      }
    }
    // Seven megabytes; quadratic work on any one of them would take hours.
    #expect(elapsed < .seconds(60), "\(elapsed)")
  }
}

/// Frames of chance, each valid.
enum ResumeSample {
  /// A frame that was read can be rendered: what cannot is an issue, and stands for a fault.
  static func encoded(_ frame: ResumeFrame, _ place: Comment) -> WireFrame {
    do {
      return try ResumeFormat.encode(frame)
    } catch {
      Issue.record("\(error.message): \(place)")
      return .binary(ByteBuffer())
    }
  }

  static func frame(using random: inout RandomSource) -> (kind: Int, frame: ResumeFrame) {
    let kind = Int.random(in: 0..<8, using: &random)
    let frame: ResumeFrame =
      switch kind {
      case 0: .hello(hello(SessionID(high: random.next(), low: random.next()), using: &random))
      case 1: .welcome(hello(nil, using: &random))
      case 2:
        .numbered(
          ResumeFrame.Numbered(
            sequence: max(1, number(using: &random)), tag: random.next(),
            isRedelivered: .random(using: &random), content: content(using: &random)))
      case 3: .plain(content(using: &random))
      case 4: .ack(through: number(using: &random), credit: number(using: &random))
      case 5: .nack(sequence: max(1, number(using: &random)), reason: reason(using: &random))
      case 6:
        .skip(
          through: number(using: &random), tag: random.next(),
          reason: Bool.random(using: &random) ? .withdrawn : .lost)
      default:
        .bye(
          ResumeFrame.Bye(
            reason: reason(using: &random), resumes: .random(using: &random),
            after: Bool.random(using: &random) ? 0...Int(number(using: &random)) : nil))
      }
    return (kind, frame)
  }

  private static func hello(
    _ client: SessionID?, using random: inout RandomSource
  ) -> SessionHello {
    let high = number(using: &random)
    var refusals: [SessionHello.Refusal] = []
    for sequence in 1...UInt64.random(in: 1...5, using: &random) where Bool.random(using: &random) {
      refusals.append(SessionHello.Refusal(sequence: sequence, reason: reason(using: &random)))
    }
    return SessionHello(
      client: client, incarnation: random.next(), connection: number(using: &random),
      sending: SessionHello.Sending(
        epoch: random.next(), low: .random(in: 0...high, using: &random), high: high,
        acked: number(using: &random)),
      receiving: SessionHello.Receiving(
        epoch: random.next(),
        committed: Bool.random(using: &random) ? number(using: &random) : nil, tag: random.next()),
      refusals: refusals, credit: number(using: &random),
      maximumMessageBytes: Int(number(using: &random)))
  }

  /// Of all lengths.
  private static func number(using random: inout RandomSource) -> UInt64 {
    (random.next() & ResumeFormat.maximumNumber) >> UInt64.random(in: 0...53, using: &random)
  }

  private static func reason(using random: inout RandomSource) -> String {
    ["", "too big", "\"\\\u{0}\n", "verboten: größer als erlaubt 😀"].randomElement(using: &random)
      ?? ""
  }

  static func content(using random: inout RandomSource) -> Message.Content {
    switch Int.random(in: 0..<3, using: &random) {
    case 0: .text(reason(using: &random))
    case 1:
      .json(
        JSONText(
          unchecked: [#""a\u00e9""#, #"{"t": "ack","a":[1 , 2e5]}"#, "null", "[]"]
            .randomElement(using: &random) ?? "0"))
    default: .binary(ByteBuffer(bytes: Fuzz.noise(0...40, using: &random)))
    }
  }
}

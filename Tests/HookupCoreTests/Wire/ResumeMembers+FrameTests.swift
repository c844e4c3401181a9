import NIOCore
import Testing

@testable import HookupCore

/// What the vectors cannot say: which field is which.
@Suite struct ResumeMembersFrameTests {
  private func decode(_ text: String) throws -> ResumeFrame {
    try ResumeFormat.decode(.text(ByteBuffer(string: text)))
  }

  private let greeting =
    #""v":1,"cid":"00000000000000010000000000000002","inc":"0000000000000003","con":4,"#
    + #""ep":"0000000000000005","lo":6,"hi":7,"acked":8,"pep":"0000000000000009","rx":10,"#
    + #""m":"000000000000000b","nacks":[[12,"x"]],"cred":13,"max":14}"#

  private var hello: SessionHello {
    SessionHello(
      client: SessionID(high: 1, low: 2), incarnation: 3, connection: 4,
      sending: SessionHello.Sending(epoch: 5, low: 6, high: 7, acked: 8),
      receiving: SessionHello.Receiving(epoch: 9, committed: 10, tag: 11),
      refusals: [SessionHello.Refusal(sequence: 12, reason: "x")], credit: 13,
      maximumMessageBytes: 14)
  }

  @Test func `each field of a hello and a welcome is its own`() throws {
    #expect(try decode(#"{"t":"hello","# + greeting) == .hello(hello))
    var welcome = hello
    welcome.client = nil
    #expect(try decode(#"{"t":"welcome","# + greeting) == .welcome(welcome))
  }

  @Test(arguments: [
    "v", "cid", "inc", "con", "ep", "lo", "hi", "acked", "pep", "rx", "m", "cred", "max",
  ])
  func `a hello without one of its fields, or with a wrong one, is a fault that names it`(
    field: String
  ) throws {
    let missing = greeting.replacing("\"\(field)\":", with: "\"x\":")
    let wrong = greeting.dropLast() + ",\"\(field)\":true}"
    for text in [missing, String(wrong)] {
      let fault = #expect(throws: ResumeFault.self) { try decode(#"{"t":"hello","# + text) }
      #expect(fault?.code == .protocolError)
      #expect(fault?.sentence.hasPrefix("'\(field)' ") == true, "\(fault?.sentence ?? "")")
    }
  }

  @Test func `the other frames`() throws {
    let tag = #""m":"00000000000000ff""#
    #expect(try decode(#"{"t":"ack","a":1,"cred":2}"#) == .ack(through: 1, credit: 2))
    #expect(try decode(#"{"t":"nack","s":1,"why":"no"}"#) == .nack(sequence: 1, reason: "no"))
    #expect(
      try decode(#"{"t":"skip","to":3,"why":"lost",\#(tag)}"#)
        == .skip(through: 3, tag: 255, reason: .lost))
    #expect(
      try decode(#"{"t":"bye","why":"x","resume":true,"after":[1,2]}"#)
        == .bye(ResumeFrame.Bye(reason: "x", resumes: true, after: 1...2)))
    #expect(
      try decode(#"{"t":"msg","s":2,"r":1,"type":"text","content":"x",\#(tag)}"#)
        == .numbered(
          ResumeFrame.Numbered(sequence: 2, tag: 255, isRedelivered: true, content: .text("x"))))
    #expect(try decode(#"{"t":"msg","type":"text","content":"x"}"#) == .plain(.text("x")))
  }

  @Test func `as many refusals as a window has messages, and no more`() throws {
    for (count, isTaken) in [(1_024, true), (1_025, false)] {
      let list = (1...count).map { "[\($0),\"\"]" }.joined(separator: ",")
      let text = #"{"t":"hello","# + greeting.dropLast() + ",\"nacks\":[\(list)]}"
      let read = try? decode(text)
      #expect((read != nil) == isTaken)
    }
  }
}

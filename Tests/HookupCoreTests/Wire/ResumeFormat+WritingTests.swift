import NIOCore
import Testing

@testable import HookupCore

@Suite struct ResumeFormatWritingTests {
  private func text(_ frame: WireFrame) -> String { String(buffer: frame.payload) }

  @Test func `a tag is 16 digits, whatever it is`() throws {
    for tag: UInt64 in [0, 9, 0xA, 0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, .max] {
      let frame = try ResumeFormat.encodeNumbered(sequence: 1, tag: tag, content: .text(""))
      #expect(
        text(frame) == #"{"t":"msg","s":1,"m":"\#(hex(tag))","type":"text","content":""}"#)
    }
  }

  @Test func `what lies in the outbox is sent as if it came from the program`() throws {
    var random = RandomSource(seed: 1)
    for round in 0..<300 {
      let content = ResumeSample.content(using: &random)
      let timeout: Duration? = round % 2 == 0 ? .milliseconds(round * 7 + 1) : nil
      let stored = StoredMessage.encode(Message(content, ackTimeout: timeout))
      let copied = try ResumeFormat.encodeNumbered(
        sequence: 5, tag: 6, isRedelivered: round % 3 == 0, stored: stored.payload,
        flags: stored.flags)
      let rendered = try ResumeFormat.encodeNumbered(
        sequence: 5, tag: 6, isRedelivered: round % 3 == 0, content: content)
      #expect(copied == rendered, "\(content)")
    }
  }

  @Test func `a payload in another spelling is parsed`() throws {
    for payload in [
      #"{ "type":"text","content":"x"}"#, #"{"content":"x","type":"text"}"#,
      #"{"type":"needs_ack","timeout":5,"content":"x"}"#,
      #"{"type":"needs_ack","content":{"type":"text","content":"x"},"timeout":5}"#,
    ] {
      let frame = try ResumeFormat.encodeNumbered(
        sequence: 1, tag: 0, stored: ByteBuffer(string: payload), flags: 0)
      #expect(
        text(frame)
          == #"{"t":"msg","s":1,"m":"0000000000000000","type":"text","content":"x"}"#)
    }
  }

  @Test(arguments: [
    "", "{", "x", #"{"type":"text","content":"#, #"{"type":"text","content":}"#,
    #"{"type":"needs_ack","timeout":"#, #"{"type":"needs_ack","timeout":5,"content":"#,
    #"{"type":"needs_ack","timeout":5,"content":{"type":"text","content":"#, "{}",
  ])
  func `a payload that cannot be read is corrupt`(payload: String) {
    let error = #expect(throws: HookupError.self) {
      try ResumeFormat.encodeNumbered(
        sequence: 1, tag: 0, stored: ByteBuffer(string: payload), flags: 0)
    }
    #expect(error?.code == .corrupt)
  }

  @Test func `numbers that a peer could not read are refused by name`() {
    let over = ResumeFormat.maximumNumber + 1
    let refused: [(String, ResumeFrame)] = [
      ("'s'", .numbered(ResumeFrame.Numbered(sequence: 0, tag: 0, content: .text("")))),
      ("'s'", .numbered(ResumeFrame.Numbered(sequence: over, tag: 0, content: .text("")))),
      ("'a'", .ack(through: over, credit: 0)), ("'cred'", .ack(through: 0, credit: .max)),
      ("'s'", .nack(sequence: 0, reason: "")),
      ("'to'", .skip(through: over, tag: 0, reason: .lost)),
      ("'after'", .bye(ResumeFrame.Bye(reason: "", resumes: true, after: 0...Int.max))),
      ("'after'", .bye(ResumeFrame.Bye(reason: "", resumes: true, after: -1...1))),
    ]
    for (field, frame) in refused {
      let error = #expect(throws: HookupError.self) { try ResumeFormat.encode(frame) }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.hasPrefix(field) == true, "\(error?.message ?? "")")
    }
  }

  @Test func `a hello that a peer could not read is refused`() throws {
    let good = SessionHello(
      client: SessionID(high: 0, low: 0), incarnation: 0, connection: 0,
      sending: SessionHello.Sending(epoch: 0, low: 1, high: 0, acked: 0),
      receiving: SessionHello.Receiving(epoch: 0, committed: nil, tag: 0), credit: 0,
      maximumMessageBytes: 0)
    _ = try ResumeFormat.encode(.hello(good))
    let changes: [(inout SessionHello) -> Void] = [
      { $0.client = nil }, { $0.connection = 1 << 53 }, { $0.sending.low = 2 },
      { $0.sending.high = .max }, { $0.sending.acked = 1 << 53 },
      { $0.receiving.committed = 1 << 53 }, { $0.credit = 1 << 53 },
      { $0.maximumMessageBytes = -1 }, { $0.maximumMessageBytes = .max },
      { $0.refusals = [SessionHello.Refusal(sequence: 0, reason: "")] },
      { $0.refusals = Array(repeating: SessionHello.Refusal(sequence: 1, reason: ""), count: 2) },
      { $0.refusals = (1...1_025).map { SessionHello.Refusal(sequence: $0, reason: "") } },
    ]
    for (index, change) in changes.enumerated() {
      var hello = good
      change(&hello)
      #expect(throws: HookupError.self, "\(index)") { try ResumeFormat.encode(.hello(hello)) }
    }
  }

  @Test func `reasons are cut as they are written`() throws {
    let long = String(repeating: "x", count: 300)
    let frame = try ResumeFormat.encode(.nack(sequence: 1, reason: long))
    #expect(text(frame) == #"{"t":"nack","s":1,"why":"\#(long.prefix(256))"}"#)
  }
}

import NIOCore
import Testing

@testable import HookupCore

@Suite struct ResumeFaultTests {
  @Test(arguments: [
    (
      #"{"t":"msg","s":1,"m":"00","type":"text","content":"secret"}"#, 1002,
      "'m' in 'msg' is not 16 lower-case hexadecimal digits"
    ),
    (
      #"{"t":"msg","s":1.5,"m":"00","type":"text","content":"secret"}"#, 1002,
      "'s' in 'msg' is not a whole number from 1 to 2^53 - 1"
    ),
    (
      #"{"t":"msg","type":"text","content":["secret"]}"#, 1002,
      "'content' in 'msg' is not a string"
    ),
    (#"{"t":"msg","type":"bin","content":"secret!"}"#, 1002, "'content' in 'msg' is not base64"),
    (#"{"t":"ack","a":1}"#, 1002, "'cred' is missing in 'ack'"),
    (
      #"{"t":"skip","to":1,"m":"0000000000000000","why":"so"}"#, 1002,
      "'why' in 'skip' is not withdrawn or lost"
    ),
    (#"{"t":"bye","why":""}"#, 1002, "'resume' is missing in 'bye'"),
    (#"{"t":"hello","v":3}"#, 4015, "version 3 in 'hello': version 1 is spoken here"),
    (#"{"t":"ping","n":1}"#, 4015, "an unknown type of frame, 'ping'"),
    (#"{"a":1}"#, 1002, "'t' is missing in 'the frame'"),
    (#"{"a":1"#, 1002, "not a JSON object: at byte 6, the text ends in the middle of a value"),
  ])
  func `a fault names the frame and its field, and no text`(
    frame: String, code: UInt16, sentence: String
  ) {
    let fault = #expect(throws: ResumeFault.self) {
      try ResumeFormat.decode(.text(ByteBuffer(string: frame))) as ResumeFrame
    }
    #expect(fault == ResumeFault(CloseCode(rawValue: code), sentence))
  }

  @Test func `of a long unknown type only its beginning is told`() {
    let frame = #"{"t":""# + String(repeating: "é", count: 100_000) + #""}"#
    let fault = #expect(throws: ResumeFault.self) {
      try ResumeFormat.decode(.text(ByteBuffer(string: frame))) as ResumeFrame
    }
    #expect(fault?.code == ResumeFault.notSpoken)
    #expect(fault.map { $0.sentence.utf8.count < 100 } == true)
  }

  @Test func `a binary frame is data of the wrong kind`() {
    let fault = #expect(throws: ResumeFault.self) {
      try ResumeFormat.decode(.binary(ByteBuffer(string: "{}"))) as ResumeFrame
    }
    #expect(fault?.code == .unsupportedData)
  }
}

import Testing

@testable import HookupCore

@Suite struct CloseCodeTests {
  @Test
  func `just the assigned codes and those for libraries and applications may stand on the wire`() {
    let allowed = (UInt16.min ... .max).filter { CloseCode(rawValue: $0).isAllowedOnWire }
    #expect(allowed == Array(1000...1003) + Array(1007...1014) + Array(3000...4999))
  }

  @Test(arguments: [CloseCode.noStatus, .abnormal])
  func `codes that stand for the absence of one are never on the wire`(code: CloseCode) {
    #expect(!code.isAllowedOnWire)
  }

  @Test func `a code describes itself as its number`() {
    #expect("\(CloseCode.messageTooBig)" == "1009")
  }
}

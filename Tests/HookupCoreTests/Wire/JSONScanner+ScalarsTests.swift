import HookupCore
import NIOCore
import Testing

@Suite struct JSONScannerScalarsTests {
  private func fault(_ bytes: [UInt8]) -> JSONFault? {
    do {
      _ = try JSONScanner.validate(ByteBuffer(bytes: bytes).readableBytesUInt8Span)
      return nil
    } catch {
      return error
    }
  }

  private func fault(_ text: String) -> JSONFault? { fault(Array(text.utf8)) }
  private func string(_ inside: [UInt8]) -> [UInt8] { [0x22] + inside + [0x22] }

  @Test(arguments: [
    "0", "-0", "1", "-1", "10", "1.5", "0.0", "-0.10", "1e5", "1E+5", "0e-5", "1.25e+10",
    "123456789012345678901234567890",
  ])
  func `a number by RFC 8259 is taken`(_ text: String) {
    #expect(fault(text) == nil)
  }

  @Test(arguments: [
    "-", "01", "-01", "00", "1.", "1.e5", "1e", "1e+", "-e5",
  ])
  func `a malformed number is refused where it begins`(_ text: String) {
    #expect(fault(text) == JSONFault(.badNumber, at: 0))
  }

  @Test(arguments: ["+1", ".5", "Infinity", "NaN", "0x10", "1_000", "1f"])
  func `other spellings of numbers are no numbers`(_ text: String) {
    #expect(fault(text) != nil)
  }

  @Test(arguments: [
    "tru", "trux", "nul", "nulls", "fals", "falsy", "tRue", "n", "t", "f", "false0",
  ])
  func `a word is one of three, to the letter`(_ text: String) {
    #expect(fault(text) != nil)
    #expect(fault("[\(text)]") != nil)
  }

  @Test func `a string ends at its quote wherever that lies against the eight-byte steps`() throws {
    for length in 0...40 {
      let text = String(repeating: "x", count: length)
      #expect(fault("[\"\(text)\",\"\(text)\"]") == nil)
      #expect(fault("\"\(text)") == JSONFault(.unexpectedEnd, at: length + 1))
    }
  }

  @Test func `every control character must be escaped, at every position`() {
    for position in 0...16 {
      for byte in UInt8(0)..<0x20 {
        var inside = [UInt8](repeating: 0x61, count: 17)
        inside[position] = byte
        #expect(fault(string(inside)) == JSONFault(.controlCharacter, at: position + 1))
      }
      var inside = [UInt8](repeating: 0x61, count: 17)
      inside[position] = 0x7F
      #expect(fault(string(inside)) == nil)
    }
  }

  @Test func `exactly the eight short escapes and four hex digits are escapes`() {
    for byte in UInt8(0x20)..<0x7F {
      let isShort = Array(#""\/bfnrt"#.utf8).contains(byte)
      #expect((fault(string([0x5C, byte]) + [0x20]) == nil) == isShort, "\\\(byte)")
    }
    #expect(fault(#""\u12aF""#) == nil)
    #expect(fault(#""\ud800""#) == nil)
    #expect(fault(#""\u12g4""#) == JSONFault(.badEscape, at: 5))
    #expect(fault(#""\u12"#) == JSONFault(.unexpectedEnd, at: 5))
    #expect(fault("\"\\") == JSONFault(.unexpectedEnd, at: 2))
  }

  @Test func `every Unicode scalar of a sample passes`() {
    for value in stride(from: UInt32(0x20), through: 0x10FFFF, by: 61) {
      guard let scalar = Unicode.Scalar(value), value != 0x22, value != 0x5C else { continue }
      #expect(fault(string(Array(String(scalar).utf8))) == nil, "U+\(String(value, radix: 16))")
    }
  }

  @Test(arguments: [
    [0x80], [0xBF], [0xC0, 0xAF], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80],
    [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
    [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80],
    [0xF5, 0x80, 0x80, 0x80], [0xFF],
  ])
  func `bytes that are not UTF-8 are no string`(_ bytes: [UInt8]) {
    #expect(fault(string(bytes))?.reason == .badUTF8)
    // Cut off by the end of the text, too.
    #expect(fault([0x22] + bytes) != nil)
  }

  @Test func `words of eight bytes are read with the first byte lowest, zero beyond the end`() {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    #expect(bytes.span.word(at: 1) == 0x0908_0706_0504_0302)
    #expect(bytes.span.paddedWord(at: 0) == 0x0807_0605_0403_0201)
    #expect(bytes.span.paddedWord(at: 7) == 0x0908)
    #expect(bytes.span.paddedWord(at: 9) == 0)
    #expect(bytes.span.paddedWord(at: 20) == 0)
  }
}

import NIOCore
import Testing

@testable import HookupCore

@Suite struct UTF8ValidatorTests {
  static let valid: [[UInt8]] = [
    [], [0x00], [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF],
    [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
    Array("plain text of more than sixteen bytes".utf8), Array("κόσμε, 日本語, 👩‍👩‍👧".utf8),
  ]
  /// Bytes, and how many of them are taken before the one that nothing can mend.
  static let invalid: [([UInt8], Int)] = [
    ([0x80], 0), ([0xBF], 0), ([0xC0, 0x80], 0), ([0xC1, 0xBF], 0), ([0xC2, 0x7F], 1),
    ([0xC2, 0xC2], 1), ([0xE0, 0x9F, 0xBF], 1), ([0xE1, 0x80, 0x41], 2), ([0xED, 0xA0, 0x80], 1),
    ([0xF0, 0x8F, 0xBF, 0xBF], 1), ([0xF4, 0x90, 0x80, 0x80], 1), ([0xF5, 0x80], 0), ([0xFF], 0),
    (Array("twelve bytes".utf8) + [0xFF], 12), (Array("κόσμε".utf8) + [0xED, 0xA0], 11),
  ]

  @Test(arguments: valid) func `valid text is valid in any two pieces`(bytes: [UInt8]) {
    for split in 0...bytes.count {
      var validator = UTF8Validator()
      #expect(accept(bytes[..<split], &validator))
      #expect(accept(bytes[split...], &validator))
      #expect(validator.isComplete)
    }
  }

  @Test(arguments: invalid)
  func `invalid text is refused at the first byte that spoils it`(bytes: [UInt8], good: Int) {
    var validator = UTF8Validator()
    for (index, byte) in bytes.prefix(good + 1).enumerated() {
      #expect(accept([byte], &validator) == (index < good), "byte \(index)")
    }
    #expect(!UTF8Validator.isValid(ByteBuffer(bytes: bytes), at: 0, count: bytes.count))
  }

  @Test(arguments: [[0xC2], [0xE0, 0xA0], [0xF0, 0x90, 0x80]] as [[UInt8]])
  func `text that ends inside a character is not complete`(bytes: [UInt8]) {
    var validator = UTF8Validator()
    #expect(accept(bytes[...], &validator))
    #expect(!validator.isComplete)
  }

  @Test func `only the named part of a buffer counts`() {
    let buffer = ByteBuffer(bytes: [0xFF, 0x41, 0x42, 0xFF])
    #expect(UTF8Validator.isValid(buffer, at: 1, count: 2))
    #expect(!UTF8Validator.isValid(buffer, at: 1, count: 3))
  }

  /// Every pair and the second byte of every longer form, against the standard library's decoder.
  @Test func `it agrees with the standard library on all short sequences`() {
    for first in UInt8(0x80)...0xFF {
      for second in UInt8.min ... .max {
        for tail in [[], [0x80], [0x80, 0x80]] as [[UInt8]] {
          let bytes = [first, second] + tail
          let expected = String(validating: bytes, as: UTF8.self) != nil
          let buffer = ByteBuffer(bytes: bytes)
          guard UTF8Validator.isValid(buffer, at: 0, count: bytes.count) != expected else {
            continue
          }
          Issue.record("\(bytes) should be \(expected ? "valid" : "invalid")")
        }
      }
    }
  }

  private func accept(_ bytes: ArraySlice<UInt8>, _ validator: inout UTF8Validator) -> Bool {
    validator.accept(ByteBuffer(bytes: bytes), at: 0, count: bytes.count)
  }
}

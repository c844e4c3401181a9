import CZlib
import Testing

@testable import HookupCore

@Suite struct ZlibStreamTests {
  @Test func `what one compresses another inflates, and both say how much they took and gave`()
    throws
  {
    let deflating = try #require(
      ZlibStream.make(.deflate(level: 6, windowBits: 9, memoryLevel: 1)))
    let inflating = try #require(ZlibStream.make(.inflate(windowBits: 9)))
    let text = Array(DeflateSamples.text(5_000).utf8)
    var compressed = [UInt8](repeating: 0, count: 6_000)
    let first = text.withUnsafeBytes { input in
      compressed.withUnsafeMutableBytes { deflating.run(input, into: $0) }
    }
    #expect(first.result == Z_OK)
    #expect(first.taken == 5_000)
    #expect(first.given < 2_500)
    var back = [UInt8](repeating: 0, count: 4_000)
    let second = compressed[..<first.given].withUnsafeBytes { input in
      back.withUnsafeMutableBytes { inflating.run(input, into: $0) }
    }
    #expect(second.result == Z_OK)
    #expect(second.given == 4_000)
    #expect(second.taken < first.given)
    #expect(back == Array(text[..<4_000]))
  }

  @Test func `nothing goes in and nothing comes out without harm`() throws {
    let stream = try #require(ZlibStream.make(.inflate(windowBits: 15)))
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    let ran = stream.run(empty, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    #expect(ran.result == Z_BUF_ERROR)
    #expect(ran.taken == 0)
    #expect(ran.given == 0)
  }

  @Test func `settings that zlib does not know make none`() {
    #expect(ZlibStream.make(.deflate(level: 6, windowBits: 8, memoryLevel: 8)) == nil)
    #expect(ZlibStream.make(.deflate(level: 6, windowBits: 15, memoryLevel: 10)) == nil)
    #expect(ZlibStream.make(.inflate(windowBits: 16)) == nil)
  }

  @Test func `a copy goes on from where the original was`() throws {
    let original = try #require(ZlibStream.make(.inflate(windowBits: 15)))
    var byte = [UInt8](repeating: 0, count: 8)
    // The half of "Hello" (RFC 7692 §7.2.3.1), and then the other half to each.
    let head: [UInt8] = [0xF2, 0x48, 0xCD]
    let rest: [UInt8] = [0xC9, 0xC9, 0x07, 0x00]
    let half = head.withUnsafeBytes { input in
      byte.withUnsafeMutableBytes { original.run(input, into: $0).given }
    }
    let copy = try #require(original.copy())
    for stream in [original, copy] {
      var end = [UInt8](repeating: 0, count: 8)
      let given = rest.withUnsafeBytes { input in
        end.withUnsafeMutableBytes { stream.run(input, into: $0).given }
      }
      #expect(byte[..<half] + end[..<given] == Array("Hello".utf8)[...])
    }
  }
}

/// Links in what people write: `http://` and `https://` up to the next white space.
package enum WebLinks {
  /// Links of one text that are told apart; more are text.
  package static let maximum = 16
  /// UTF-8 bytes of one link; a longer one is text.
  package static let maximumBytes = 2_048

  /// Where they stand. Punctuation that ends a sentence does not belong to them, nor does a bracket that was opened before.
  package static func ranges(in text: String) -> [Range<String.Index>] {
    guard mayHold(text) else { return [] }
    var ranges: [Range<String.Index>] = []
    let bytes = text.utf8
    var index = bytes.startIndex
    while index < bytes.endIndex, ranges.count < maximum {
      guard let start = start(in: bytes, from: index) else { break }
      var end = start.rest
      while end < bytes.endIndex, belongs(bytes[end]) { bytes.formIndex(after: &end) }
      index = end
      guard bytes.distance(from: start.scheme, to: end) <= maximumBytes else { continue }
      end = trimmed(bytes, start.rest, end)
      if end > start.rest { ranges.append(start.scheme..<end) }
    }
    return ranges
  }

  package static func count(in text: String) -> Int { ranges(in: text).count }

  package static func texts(in text: String) -> [String] {
    ranges(in: text).map { String(text[$0]) }
  }

  /// Nearly every text is done with here.
  private static func mayHold(_ text: String) -> Bool {
    var matched = 0
    for byte in text.utf8 {
      switch (byte, matched) {
      case (UInt8(ascii: ":"), _): matched = 1
      case (UInt8(ascii: "/"), 1): matched = 2
      case (UInt8(ascii: "/"), 2): return true
      default: matched = 0
      }
    }
    return false
  }

  private typealias Bytes = String.UTF8View

  /// The next scheme that begins a word, and what follows it.
  private static func start(
    in bytes: Bytes, from first: Bytes.Index
  ) -> (scheme: Bytes.Index, rest: Bytes.Index)? {
    var index = first
    while index < bytes.endIndex {
      let isStart = index == bytes.startIndex || !isLetterOrDigit(bytes[bytes.index(before: index)])
      if isStart, bytes[index] | 0x20 == UInt8(ascii: "h") {
        for scheme in ["https://", "http://"] {
          if let rest = match(scheme, bytes, at: index) { return (index, rest) }
        }
      }
      bytes.formIndex(after: &index)
    }
    return nil
  }

  private static func match(_ scheme: String, _ bytes: Bytes, at start: Bytes.Index) -> Bytes.Index?
  {
    var index = start
    for wanted in scheme.utf8 {
      guard index < bytes.endIndex, bytes[index] | 0x20 == wanted | 0x20 else { return nil }
      bytes.formIndex(after: &index)
    }
    return index
  }

  /// Bytes beyond ASCII are taken as they come: links in other scripts are written so.
  private static func belongs(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte != 0x7F && !"<>\"`".utf8.contains(byte)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte >= 0x80
  }

  private static func trimmed(
    _ bytes: Bytes, _ start: Bytes.Index, _ end: Bytes.Index
  ) -> Bytes.Index {
    var (round, square) = (0, 0)
    for byte in bytes[start..<end] {
      round += bracket(byte, "(", ")")
      square += bracket(byte, "[", "]")
    }
    var end = end
    while end > start {
      let last = bytes.index(before: end)
      switch bytes[last] {
      case UInt8(ascii: ")") where round < 0: round += 1
      case UInt8(ascii: "]") where square < 0: square += 1
      case let byte where ".,;:!?'*_".utf8.contains(byte): break
      default: return end
      }
      end = last
    }
    return end
  }

  /// 1 for the opening one, -1 for the closing one.
  private static func bracket(
    _ byte: UInt8, _ opening: Unicode.Scalar, _ closing: Unicode.Scalar
  ) -> Int {
    byte == UInt8(ascii: opening) ? 1 : byte == UInt8(ascii: closing) ? -1 : 0
  }
}

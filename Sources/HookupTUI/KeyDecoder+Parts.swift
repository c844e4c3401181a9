/// Puts UTF-8 scalars together byte by byte; what is not UTF-8 becomes U+FFFD, one for each maximal wrong part
/// (Unicode 16 §3.9, "U+FFFD Substitution of Maximal Subparts").
struct ScalarAssembler: Hashable, Sendable {
  private var bytes: [UInt8] = []
  private var needed = 0

  var isEmpty: Bool { bytes.isEmpty }

  /// The scalars that `byte` completes: none, one, or U+FFFD for what came before and then its own.
  mutating func receive(_ byte: UInt8) -> [Unicode.Scalar] {
    guard bytes.isEmpty else {
      if continues(byte) {
        bytes.append(byte)
        return bytes.count == needed ? [finish()].compactMap { $0 } : []
      }
      return [finish()].compactMap { $0 } + receive(byte)
    }
    switch byte {
    case 0x00...0x7F: return [Unicode.Scalar(byte)]
    case 0xC2...0xDF: needed = 2
    case 0xE0...0xEF: needed = 3
    case 0xF0...0xF4: needed = 4
    default: return ["\u{FFFD}"]
    }
    bytes = [byte]
    return []
  }

  /// Ends what is unfinished: the scalar if it is whole, U+FFFD if not, nil when there was nothing.
  mutating func finish() -> Unicode.Scalar? {
    guard !bytes.isEmpty else { return nil }
    defer { bytes = [] }
    guard bytes.count == needed else { return "\u{FFFD}" }
    return String(decoding: bytes, as: UTF8.self).unicodeScalars.first
  }

  private func continues(_ byte: UInt8) -> Bool {
    guard bytes.count == 1 else { return 0x80...0xBF ~= byte }
    switch bytes[0] {
    case 0xE0: return 0xA0...0xBF ~= byte
    case 0xED: return 0x80...0x9F ~= byte
    case 0xF0: return 0x90...0xBF ~= byte
    case 0xF4: return 0x80...0x8F ~= byte
    default: return 0x80...0xBF ~= byte
    }
  }
}

/// A bracketed paste that is under way. Everything up to the end marker is text, whatever it looks like.
struct Paste: Hashable, Sendable {
  private static let endMarker: [UInt8] = [0x1B, 0x5B, 0x32, 0x30, 0x31, 0x7E]

  private var bytes: [UInt8] = []
  /// How much of the end marker the last bytes were.
  private var matched = 0
  private(set) var dropped = 0

  /// Takes one byte; true when it ends the paste.
  mutating func receive(_ byte: UInt8, maximumBytes: Int) -> Bool {
    if byte == Self.endMarker[matched] {
      matched += 1
      return matched == Self.endMarker.count
    }
    // ESC stands only at the marker's start, so a mismatch can only begin a new marker with this very byte.
    for index in 0..<matched { keep(Self.endMarker[index], maximumBytes: maximumBytes) }
    matched = byte == Self.endMarker[0] ? 1 : 0
    if matched == 0 { keep(byte, maximumBytes: maximumBytes) }
    return false
  }

  private mutating func keep(_ byte: UInt8, maximumBytes: Int) {
    // Once something is dropped, all that follows is: a text with a hole would be worse than a short one.
    if dropped == 0, bytes.count < maximumBytes {
      bytes.append(byte)
    } else {
      dropped += 1
    }
  }

  /// What was pasted: line ends as LF, control characters other than TAB and LF left out, never a cut scalar at the end.
  var text: String {
    var result = String.UnicodeScalarView()
    var assembler = ScalarAssembler()
    var afterReturn = false
    for byte in bytes {
      for scalar in assembler.receive(byte) {
        switch scalar.value {
        case 0x0D: result.append("\n")
        case 0x0A: if !afterReturn { result.append("\n") }
        case 0x09: result.append(scalar)
        case 0x00...0x1F, 0x7F...0x9F: break
        default: result.append(scalar)
        }
        afterReturn = scalar.value == 0x0D
      }
    }
    return String(result)
  }
}

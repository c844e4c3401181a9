/// The members of a `jsonProtocol` frame that mean something, and where they lie: found in one pass over the whole frame,
/// which is checked on the way; nothing is copied.
package struct Envelope: Hashable, Sendable {
  /// The word under `type`, compared without regard to ASCII case.
  package enum FrameType: Hashable, Sendable {
    case text, json, ack, ackRequest, needsAck
    /// Another word, another kind of value, or no such member.
    case other
  }

  /// A member that can hold a message: bare, or in an envelope of its own.
  package struct Payload: Hashable, Sendable {
    package var slot: JSONSlot
    /// Of an object that is itself an envelope: its type and what is under `content`.
    package var innerType: FrameType = .other
    package var innerContent: JSONSlot?

    package init(
      slot: JSONSlot, innerType: FrameType = .other, innerContent: JSONSlot? = nil
    ) {
      self.slot = slot
      self.innerType = innerType
      self.innerContent = innerContent
    }
  }

  package var type: FrameType = .other
  /// The positive whole number up to 2^53 under `id`.
  package var id: UInt64?
  /// The same under `timeout`; of a stored message.
  package var timeout: UInt64?
  package var content: Payload?
  package var message: Payload?
  /// The range of the whole value, without the white space around it.
  package var range = 0..<0
  /// How deep the whole frame is nested, its own level counted.
  package var depth = 0

  /// The largest number that every peer reads exactly: 2^53.
  package static let maximumNumber: UInt64 = 1 << 53

  /// Reads `bytes`, a JSON object with white space around it or none. Of several members under one key the last counts.
  ///
  /// The payload's own nesting is bounded by ``Limits/jsonDepth``; the levels of the envelope come on top of it.
  package init(_ bytes: borrowing Span<UInt8>) throws(JSONFault) {
    var scanner = JSONScanner()
    scanner.skipWhitespace(bytes)
    let start = scanner.index
    guard try scanner.peekKind(bytes) == .object else {
      throw JSONFault(.expectedValue, at: start)
    }
    scanner.index += 1
    var innerDepth = 0
    if try !scanner.skipEnd(of: .object, bytes) {
      repeat {
        switch try scanner.envelopeKey(bytes) {
        case .type: type = try scanner.frameType(bytes, inside: 1)
        case .id: id = try scanner.positiveNumber(bytes, inside: 1)
        case .timeout: timeout = try scanner.positiveNumber(bytes, inside: 1)
        case .content: content = try scanner.payload(bytes, depth: &innerDepth)
        case .message: message = try scanner.payload(bytes, depth: &innerDepth)
        case .other: try scanner.skipValue(bytes, inside: 1)
        }
      } while try scanner.skipComma(in: .object, bytes)
    }
    range = start..<scanner.index
    depth = max(1, scanner.deepest, innerDepth)
    try scanner.expectEnd(bytes)
  }
}

/// The keys an envelope knows.
private enum EnvelopeKey {
  case type, id, timeout, content, message, other
}

extension JSONScanner {
  /// Passes a key and its colon, up to the value.
  @inline(__always)
  fileprivate mutating func envelopeKey(
    _ bytes: borrowing Span<UInt8>
  ) throws(JSONFault) -> EnvelopeKey {
    // The eight bytes behind the opening quote tell the usual keys apart, closing quote and all.
    if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
      let word = bytes.paddedWord(at: index + 1)
      let (key, length): (EnvelopeKey, Int) =
        switch word {
        case Words.content: (.content, 7)
        case Words.message: (.message, 7)
        case Words.timeout: (.timeout, 7)
        case _ where word & 0xFF_FFFF_FFFF == Words.type: (.type, 4)
        case _ where word & 0xFF_FFFF == Words.id: (.id, 2)
        default: (.other, 0)
        }
      if key != .other {
        index += length + 2
        try skipColon(bytes)
        return key
      }
    }
    let slot = try skipKey(bytes)
    return slot.hasEscapes ? EnvelopeKey(spelled: JSONString.decode(slot, in: bytes)) : .other
  }

  /// Passes the value under `type`.
  @inline(__always)
  fileprivate mutating func frameType(
    _ bytes: borrowing Span<UInt8>, inside opened: Int
  ) throws(JSONFault) -> Envelope.FrameType {
    guard try peekKind(bytes) == .string else {
      try skipValue(bytes, inside: opened)
      return .other
    }
    let slot = try skipString(bytes)
    if slot.hasEscapes {
      let word = JSONString.unescape(bytes.extracting(slot.range))
      return Envelope.FrameType(word.span, 0..<word.count)
    }
    return Envelope.FrameType(bytes, slot.range)
  }

  /// Passes the value under `id` or `timeout`: nil unless it is 1...2^53, spelled in digits alone.
  @inline(__always)
  fileprivate mutating func positiveNumber(
    _ bytes: borrowing Span<UInt8>, inside opened: Int
  ) throws(JSONFault) -> UInt64? {
    let start = index
    guard try skipValue(bytes, inside: opened) == .number, index - start <= 16 else { return nil }
    var value: UInt64 = 0
    for offset in start..<index {
      let digit = bytes[offset] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + UInt64(digit)
    }
    return value >= 1 && value <= Envelope.maximumNumber ? value : nil
  }

  /// Passes the value under `content` or `message`, and looks into it when it is an object.
  @inline(__always)
  fileprivate mutating func payload(
    _ bytes: borrowing Span<UInt8>, depth: inout Int
  ) throws(JSONFault) -> Envelope.Payload {
    let start = index
    switch try peekKind(bytes) {
    case .string: return Envelope.Payload(slot: try skipString(bytes))
    case .object: break
    default:
      let kind = try skipValue(bytes, inside: 1)
      return Envelope.Payload(slot: JSONSlot(kind, start..<index))
    }
    var payload = Envelope.Payload(slot: JSONSlot(.object, start..<start))
    depth = max(depth, 2)
    index += 1
    if try !skipEnd(of: .object, bytes) {
      repeat {
        switch try envelopeKey(bytes) {
        case .type: payload.innerType = try frameType(bytes, inside: 2)
        case .content: payload.innerContent = try slot(bytes, inside: 2)
        default: try skipValue(bytes, inside: 2)
        }
      } while try skipComma(in: .object, bytes)
    }
    payload.slot.range = start..<index
    return payload
  }

  @inline(__always)
  private mutating func slot(
    _ bytes: borrowing Span<UInt8>, inside opened: Int
  ) throws(JSONFault) -> JSONSlot {
    let start = index
    if try peekKind(bytes) == .string { return try skipString(bytes) }
    let kind = try skipValue(bytes, inside: opened)
    return JSONSlot(kind, start..<index)
  }
}

/// Spellings as integers, the first byte lowest.
private enum Words {
  static let type: UInt64 = 0x22_6570_7974  // type"
  static let id: UInt64 = 0x22_6469  // id"
  static let content: UInt64 = 0x2274_6E65_746E_6F63  // content"
  static let message: UInt64 = 0x2265_6761_7373_656D  // message"
  static let timeout: UInt64 = 0x2274_756F_656D_6974  // timeout"

  static let text: UInt64 = 0x7478_6574
  static let json: UInt64 = 0x6E6F_736A
  static let ack: UInt64 = 0x6B_6361
  static let needsAc: UInt64 = 0x6361_5F73_6465_656E
  static let ackRequ: UInt64 = 0x7571_6572_5F6B_6361
  static let est: UInt64 = 0x74_7365
}

extension EnvelopeKey {
  /// For a key that was spelled with escapes.
  fileprivate init(spelled key: String) {
    self =
      switch key {
      case "type": .type
      case "id": .id
      case "timeout": .timeout
      case "content": .content
      case "message": .message
      default: .other
      }
  }
}

extension Envelope.FrameType {
  /// The type that the bytes at `range` spell.
  @inline(__always)
  fileprivate init(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
    let word = bytes.paddedWord(at: range.lowerBound)
    self = .other
    // Setting 0x20 makes a letter lower case, and makes no other byte that letter; `_` must be as it is.
    switch range.count {
    case 3 where word & 0xFF_FFFF | 0x20_2020 == Words.ack: self = .ack
    case 4 where word & 0xFFFF_FFFF | 0x2020_2020 == Words.text: self = .text
    case 4 where word & 0xFFFF_FFFF | 0x2020_2020 == Words.json: self = .json
    case 9 where word | 0x2020_0020_2020_2020 == Words.needsAc:
      if bytes[range.lowerBound + 8] | 0x20 == UInt8(ascii: "k") { self = .needsAck }
    case 11 where word | 0x2020_2020_0020_2020 == Words.ackRequ:
      let rest = bytes.paddedWord(at: range.lowerBound + 8) & 0xFF_FFFF | 0x20_2020
      if rest == Words.est { self = .ackRequest }
    default: break
    }
  }
}

extension JSONSlot {
  /// The range with a string's quotes: the value as JSON.
  var spelledRange: Range<Int> {
    kind == .string ? range.lowerBound - 1..<range.upperBound + 1 : range
  }
}

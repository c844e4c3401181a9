/// The members of a `hookup.resume.v1` frame that mean something, and where they lie: found in one pass over the whole frame,
/// which is checked on the way; nothing is copied. Of several members under one key the last counts.
struct ResumeMembers {
  var t: JSONSlot?
  var s: JSONSlot?
  var m: JSONSlot?
  var r: JSONSlot?
  var type: JSONSlot?
  var content: JSONSlot?
  var a: JSONSlot?
  var cred: JSONSlot?
  /// The members of the frames that come once in a while, in the order of ``Seldom``: empty until there is one, so that the others
  /// do not pay for their room.
  private var seldom: [JSONSlot?] = []

  enum Seldom: Int, CaseIterable {
    case v, cid, inc, con, ep, lo, hi, acked
    case pep, rx, nacks, max, why, to, resume, after
  }

  subscript(key: Seldom) -> JSONSlot? { seldom.isEmpty ? nil : seldom[key.rawValue] }

  /// Reads `bytes`, a JSON object with white space around it or none. Each member's nesting is bounded by
  /// ``Limits/jsonDepth``.
  init(_ bytes: borrowing Span<UInt8>) throws(JSONFault) {
    var scanner = JSONScanner()
    scanner.skipWhitespace(bytes)
    guard try scanner.peekKind(bytes) == .object else {
      throw JSONFault(.expectedValue, at: scanner.index)
    }
    scanner.index += 1
    if try !scanner.skipEnd(of: .object, bytes) {
      repeat {
        let key = try scanner.shortKey(bytes)
        let slot = try scanner.slot(bytes)
        switch key {
        case ResumeWord.t: t = slot
        case ResumeWord.s: s = slot
        case ResumeWord.m: m = slot
        case ResumeWord.type: type = slot
        case ResumeWord.content: content = slot
        case ResumeWord.a: a = slot
        case ResumeWord.cred: cred = slot
        case ResumeWord.r: r = slot
        default: setSeldom(key, slot)
        }
      } while try scanner.skipComma(in: .object, bytes)
    }
    try scanner.expectEnd(bytes)
  }

  private mutating func setSeldom(_ word: UInt64, _ slot: JSONSlot) {
    guard let key = Seldom(word) else { return }
    if seldom.isEmpty { seldom = Array(repeating: nil, count: Seldom.allCases.count) }
    seldom[key.rawValue] = slot
  }
}

extension ResumeMembers.Seldom {
  init?(_ word: UInt64) {
    switch word {
    case ResumeWord.v: self = .v
    case ResumeWord.cid: self = .cid
    case ResumeWord.inc: self = .inc
    case ResumeWord.con: self = .con
    case ResumeWord.ep: self = .ep
    case ResumeWord.lo: self = .lo
    case ResumeWord.hi: self = .hi
    case ResumeWord.acked: self = .acked
    case ResumeWord.pep: self = .pep
    case ResumeWord.rx: self = .rx
    case ResumeWord.nacks: self = .nacks
    case ResumeWord.max: self = .max
    case ResumeWord.why: self = .why
    case ResumeWord.to: self = .to
    case ResumeWord.resume: self = .resume
    case ResumeWord.after: self = .after
    default: return nil
    }
  }
}

extension JSONScanner {
  /// Passes a key and its colon, up to the value: the key as ``ResumeWord`` spells it, 0 for any that cannot be one.
  @inline(__always)
  fileprivate mutating func shortKey(
    _ bytes: borrowing Span<UInt8>
  ) throws(JSONFault) -> UInt64 {
    if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
      let word = bytes.paddedWord(at: index + 1)
      // The first byte that ends plain text; past the end of the bytes it is a zero.
      let length = JSONString.specialBytes(word).trailingZeroBitCount / 8
      if length < 8, word >> UInt64(8 * length) & 0xFF == UInt64(UInt8(ascii: "\"")) {
        index += length + 2
        try skipColon(bytes)
        return word & ((1 << UInt64(8 * length)) - 1)
      }
    }
    let slot = try skipKey(bytes)
    return slot.hasEscapes ? ResumeWord.word(slot, in: bytes) : 0
  }

  /// Passes the value of a member or an element.
  @inline(__always)
  mutating func slot(_ bytes: borrowing Span<UInt8>) throws(JSONFault) -> JSONSlot {
    let start = index
    if try peekKind(bytes) == .string { return try skipString(bytes) }
    let kind = try skipValue(bytes, inside: 1)
    return JSONSlot(kind, start..<index)
  }
}

/// The words of `hookup.resume.v1`, each at most seven letters, as integers: the first byte lowest, zero beyond the end.
enum ResumeWord {
  static let t: UInt64 = 0x74
  static let v: UInt64 = 0x76
  static let cid: UInt64 = 0x64_6963
  static let inc: UInt64 = 0x63_6E69
  static let con: UInt64 = 0x6E_6F63
  static let ep: UInt64 = 0x7065
  static let lo: UInt64 = 0x6F6C
  static let hi: UInt64 = 0x6968
  static let acked: UInt64 = 0x64_656B_6361
  static let pep: UInt64 = 0x70_6570
  static let rx: UInt64 = 0x7872
  static let m: UInt64 = 0x6D
  static let nacks: UInt64 = 0x73_6B63_616E
  static let cred: UInt64 = 0x6465_7263
  static let max: UInt64 = 0x78_616D
  static let s: UInt64 = 0x73
  static let r: UInt64 = 0x72
  static let type: UInt64 = 0x6570_7974
  static let content: UInt64 = 0x74_6E65_746E_6F63
  static let a: UInt64 = 0x61
  static let why: UInt64 = 0x79_6877
  static let to: UInt64 = 0x6F74
  static let resume: UInt64 = 0x656D_7573_6572
  static let after: UInt64 = 0x72_6574_6661

  static let hello: UInt64 = 0x6F_6C6C_6568
  static let welcome: UInt64 = 0x65_6D6F_636C_6577
  static let msg: UInt64 = 0x67_736D
  static let ack: UInt64 = 0x6B_6361
  static let nack: UInt64 = 0x6B63_616E
  static let skip: UInt64 = 0x7069_6B73
  static let bye: UInt64 = 0x65_7962

  static let text: UInt64 = 0x7478_6574
  static let json: UInt64 = 0x6E6F_736A
  static let bin: UInt64 = 0x6E_6962

  /// The string in `slot`; 0 when it is longer than seven bytes, or has a zero in it, and so is no word.
  @inline(__always)
  static func word(_ slot: JSONSlot, in bytes: borrowing Span<UInt8>) -> UInt64 {
    if slot.hasEscapes {
      // An escape is six bytes at most.
      guard slot.range.count <= 42 else { return 0 }
      let plain = JSONString.unescape(bytes.extracting(slot.range))
      guard plain.count <= 7, !plain.contains(0) else { return 0 }
      return plain.span.paddedWord(at: 0)
    }
    guard slot.range.count <= 7 else { return 0 }
    let word = bytes.paddedWord(at: slot.range.lowerBound)
    return word & ((1 << UInt64(8 * slot.range.count)) - 1)
  }
}

/// Reads JSON where it lies: checks it by RFC 8259 to the letter and finds where each value ends, without building
/// anything and without recursion.
///
/// It is a position, not a view: each call is given the same bytes. Nothing that the bytes hold traps, and each byte is
/// looked at a bounded number of times. Strings must be valid UTF-8; an escape that is half of a surrogate pair is legal
/// here and becomes U+FFFD when the string is asked for. Duplicate keys are legal; whoever reads members lets the last
/// one win, as JavaScript and Ruby do.
package struct JSONScanner: Sendable {
  /// What a value is, by its first byte.
  package enum Kind: UInt8, Hashable, Sendable {
    case object, array, string, number, bool, null
  }

  /// Where the next byte is read; after a fault it means nothing.
  package var index: Int
  /// The deepest nesting seen so far, counting the levels a caller said it had opened itself.
  package private(set) var deepest = 0

  package init(at index: Int = 0) {
    self.index = index
  }

  /// Checks that `bytes` are one value, with white space around it or none, and finds it.
  /// - Returns: what it is and the value's range without the white space.
  package static func validate(
    _ bytes: borrowing Span<UInt8>
  ) throws(JSONFault) -> (kind: Kind, range: Range<Int>) {
    var scanner = JSONScanner()
    scanner.skipWhitespace(bytes)
    let start = scanner.index
    let kind = try scanner.skipValue(bytes)
    let end = scanner.index
    try scanner.expectEnd(bytes)
    return (kind, start..<end)
  }

  /// Nothing but white space may follow.
  package mutating func expectEnd(_ bytes: borrowing Span<UInt8>) throws(JSONFault) {
    skipWhitespace(bytes)
    guard index == bytes.count else { throw JSONFault(.trailingBytes, at: index) }
  }

  /// RFC 8259 §2: space, tab, line feed, carriage return.
  @inline(__always)
  package mutating func skipWhitespace(_ bytes: borrowing Span<UInt8>) {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return
      }
    }
  }

  /// What value starts at ``index``.
  @inline(__always)
  package func peekKind(_ bytes: borrowing Span<UInt8>) throws(JSONFault) -> Kind {
    guard index < bytes.count else { throw JSONFault(.unexpectedEnd, at: index) }
    switch bytes[index] {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    default: throw JSONFault(.expectedValue, at: index)
    }
  }

  /// Passes over one value, which starts at ``index``. `opened` is how many levels the caller is inside of: they count
  /// in ``deepest``, but not against the limit, ``Limits/jsonDepth``, which is the value's own.
  @discardableResult
  package mutating func skipValue(
    _ bytes: borrowing Span<UInt8>, inside opened: Int = 0
  ) throws(JSONFault) -> Kind {
    let first = try peekKind(bytes)
    if first != .object && first != .array {
      try skipScalar(bytes, first)
      return first
    }
    var open = Nesting()
    var kind = first
    while true {
      if kind == .object || kind == .array {
        guard open.push(kind) else { throw JSONFault(.tooDeep, at: index) }
        deepest = max(deepest, opened + open.depth)
        index += 1
        if try !skipEnd(of: kind, bytes) {
          if kind == .object { try skipKey(bytes) }
          kind = try peekKind(bytes)
          continue
        }
        open.pop()
      } else {
        try skipScalar(bytes, kind)
      }
      while let container = open.innermost, try !skipComma(in: container, bytes) { open.pop() }
      guard let container = open.innermost else { return first }
      if container == .object { try skipKey(bytes) }
      kind = try peekKind(bytes)
    }
  }

  /// Right after an opening bracket: passes over the closing one if the container is empty.
  /// Leaves ``index`` at the first element or key otherwise.
  @inline(__always)
  package mutating func skipEnd(
    of container: Kind, _ bytes: borrowing Span<UInt8>
  ) throws(JSONFault) -> Bool {
    skipWhitespace(bytes)
    guard index < bytes.count else { throw JSONFault(.unexpectedEnd, at: index) }
    let end = container == .object ? UInt8(ascii: "}") : UInt8(ascii: "]")
    guard bytes[index] == end else { return false }
    index += 1
    return true
  }

  /// After an element: true past a comma, at the next element or key; false past the container's end.
  @inline(__always)
  package mutating func skipComma(
    in container: Kind, _ bytes: borrowing Span<UInt8>
  ) throws(JSONFault) -> Bool {
    if try skipEnd(of: container, bytes) { return false }
    guard bytes[index] == UInt8(ascii: ",") else { throw JSONFault(.expectedCommaOrEnd, at: index) }
    index += 1
    skipWhitespace(bytes)
    return true
  }

  /// Passes over a key, its colon and the white space around them.
  @inline(__always)
  @discardableResult
  package mutating func skipKey(_ bytes: borrowing Span<UInt8>) throws(JSONFault) -> JSONSlot {
    guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
      throw JSONFault(index < bytes.count ? .expectedKey : .unexpectedEnd, at: index)
    }
    let key = try skipString(bytes)
    try skipColon(bytes)
    return key
  }

  @inline(__always)
  package mutating func skipColon(_ bytes: borrowing Span<UInt8>) throws(JSONFault) {
    skipWhitespace(bytes)
    guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else {
      throw JSONFault(index < bytes.count ? .expectedColon : .unexpectedEnd, at: index)
    }
    index += 1
    skipWhitespace(bytes)
  }

  /// Passes over a string, number or word that starts at ``index``.
  @inline(__always)
  private mutating func skipScalar(
    _ bytes: borrowing Span<UInt8>, _ kind: Kind
  ) throws(JSONFault) {
    switch kind {
    case .string: _ = try skipString(bytes)
    case .number: try skipNumber(bytes)
    default: try skipWord(bytes)
    }
  }
}

/// Where a value lies, and what must be known to take it out.
package struct JSONSlot: Hashable, Sendable {
  package var kind: JSONScanner.Kind
  /// Whether it is a string with a backslash in it.
  package var hasEscapes: Bool
  /// From the first byte to after the last; a string's without its quotes.
  package var range: Range<Int>

  package init(_ kind: JSONScanner.Kind, _ range: Range<Int>, hasEscapes: Bool = false) {
    self.kind = kind
    self.range = range
    self.hasEscapes = hasEscapes
  }
}

/// Which of the open containers are objects: one bit each, the innermost lowest.
private struct Nesting {
  private var objects: UInt128 = 0
  private(set) var depth = 0

  var innermost: JSONScanner.Kind? {
    depth == 0 ? nil : objects & 1 == 1 ? .object : .array
  }

  /// False when one more would be too deep.
  mutating func push(_ kind: JSONScanner.Kind) -> Bool {
    guard depth < min(Limits.jsonDepth, UInt128.bitWidth) else { return false }
    objects = objects << 1 | (kind == .object ? 1 : 0)
    depth += 1
    return true
  }

  mutating func pop() {
    objects >>= 1
    depth -= 1
  }
}

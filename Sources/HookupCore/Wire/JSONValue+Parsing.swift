import NIOCore

extension JSONValue {
  /// Parses one JSON value with white space around it or none.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the place where it stops being JSON, or where it is nested deeper
  ///   than ``Limits/jsonDepth``.
  public init(parsing text: String) throws(HookupError) {
    do {
      try self.init(parsing: ByteBuffer(string: text))
    } catch {
      throw error.error
    }
  }

  /// Parses the readable bytes.
  package init(parsing bytes: ByteBuffer) throws(JSONFault) {
    var parser = JSONTreeParser()
    self = try parser.parse(bytes.readableBytesUInt8Span)
  }
}

/// Builds the tree with a stack of open containers instead of recursion: depth is data, not stack.
private struct JSONTreeParser {
  private struct Container {
    var kind: JSONScanner.Kind
    var elements: [JSONValue] = []
    var members: [JSONObject.Member] = []
    /// The key whose value is being read.
    var key = ""

    mutating func append(_ value: JSONValue) {
      if kind == .object {
        members.append(JSONObject.Member(key, value))
      } else {
        elements.append(value)
      }
    }

    var value: JSONValue { kind == .object ? .object(JSONObject(members)) : .array(elements) }
  }

  private var scanner = JSONScanner()
  private var open: [Container] = []

  mutating func parse(_ bytes: borrowing Span<UInt8>) throws(JSONFault) -> JSONValue {
    scanner.skipWhitespace(bytes)
    while true {
      let kind = try scanner.peekKind(bytes)
      var value: JSONValue
      if kind == .object || kind == .array {
        guard try !enter(kind, bytes) else { continue }
        value = kind == .object ? .object(JSONObject()) : .array([])
      } else {
        value = try scalar(kind, bytes)
      }
      while true {
        guard let container = open.last?.kind else {
          try scanner.expectEnd(bytes)
          return value
        }
        open[open.count - 1].append(value)
        if try scanner.skipComma(in: container, bytes) { break }
        value = open.removeLast().value
      }
      try readKey(bytes)
    }
  }

  /// Passes the opening bracket. False when the container is empty, and already passed.
  private mutating func enter(
    _ kind: JSONScanner.Kind, _ bytes: borrowing Span<UInt8>
  ) throws(JSONFault) -> Bool {
    guard open.count < Limits.jsonDepth else { throw JSONFault(.tooDeep, at: scanner.index) }
    scanner.index += 1
    guard try !scanner.skipEnd(of: kind, bytes) else { return false }
    open.append(Container(kind: kind))
    try readKey(bytes)
    return true
  }

  /// In an object, reads the key of the member that follows.
  private mutating func readKey(_ bytes: borrowing Span<UInt8>) throws(JSONFault) {
    guard open.last?.kind == .object else { return }
    let key = try scanner.skipKey(bytes)
    open[open.count - 1].key = JSONString.decode(key, in: bytes)
  }

  private mutating func scalar(
    _ kind: JSONScanner.Kind, _ bytes: borrowing Span<UInt8>
  ) throws(JSONFault) -> JSONValue {
    let start = scanner.index
    switch kind {
    case .string:
      return .string(JSONString.decode(try scanner.skipString(bytes), in: bytes))
    case .number:
      try scanner.skipNumber(bytes)
      let digits = JSONSlot(.number, start..<scanner.index)
      return .number(JSONNumber(unchecked: JSONString.decode(digits, in: bytes)))
    default:
      try scanner.skipWord(bytes)
      return kind == .null ? .null : .bool(scanner.index - start == 4)
    }
  }
}

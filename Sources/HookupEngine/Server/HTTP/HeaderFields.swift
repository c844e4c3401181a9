/// Header lines in the order in which they came; names compare without regard to ASCII case.
///
/// They are kept as one run of bytes: a server holds those of every connection for as long as it lives.
public struct HeaderFields: Hashable, Sendable {
  public struct Field: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// For each field the number of bytes of its name and of its value, four bytes each, the lowest first, and then both.
  private var packed: [UInt8] = []

  public init(_ fields: [Field] = []) {
    packed.reserveCapacity(
      fields.reduce(0) { $0 + 8 + $1.name.utf8.count + $1.value.utf8.count })
    for field in fields { append(field.name, field.value) }
  }

  public mutating func append(_ name: String, _ value: String) {
    for text in [name, value] {
      withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { packed.append(contentsOf: $0) }
    }
    packed.append(contentsOf: name.utf8)
    packed.append(contentsOf: value.utf8)
  }

  public var fields: [Field] {
    Array(
      ranges.map { name, value in Field(name: text(name), value: text(value)) })
  }

  /// Every value of `name`, in order.
  public subscript(name: String) -> [String] {
    Array(values(of: name))
  }

  /// The value of `name`, when there is at least one: the first.
  public func first(_ name: String) -> String? {
    values(of: name).first { _ in true }
  }

  public func contains(_ name: String) -> Bool { first(name) != nil }

  /// The members of a comma-separated list header, over all its lines, trimmed; empty ones are left out
  /// (RFC 9110 §5.6.1).
  public func list(_ name: String) -> [String] {
    self[name].flatMap { $0.split(separator: ",") }
      .map { trimmed($0) }
      .filter { !$0.isEmpty }
  }

  /// The same without the fields of these names, in memory that is just large enough.
  func without(_ names: [String]) -> HeaderFields {
    HeaderFields(
      fields.filter { field in !names.contains { equalASCII($0, field.name) } })
  }

  private func values(of name: String) -> some Sequence<String> {
    ranges.lazy.filter { equalASCII(packed[$0.name], name.utf8) }.map { text($0.value) }
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: packed[range], as: UTF8.self)
  }

  /// Where the names and values lie.
  private var ranges: some Sequence<(name: Range<Int>, value: Range<Int>)> {
    sequence(state: 0) { offset in
      guard offset < packed.count else { return nil }
      let name = offset + 8..<offset + 8 + length(at: offset)
      let value = name.upperBound..<name.upperBound + length(at: offset + 4)
      offset = value.upperBound
      return (name, value)
    }
  }

  private func length(at offset: Int) -> Int {
    packed[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}

/// Whether two strings are equal when the letters A to Z are taken for a to z. Other scalars compare as they are.
func equalASCII(_ left: String, _ right: String) -> Bool { equalASCII(left.utf8, right.utf8) }

func equalASCII(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
  left.count == right.count
    && zip(left, right).allSatisfy { lowercased($0) == lowercased($1) }
}

func lowercased(_ byte: UInt8) -> UInt8 {
  (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}

/// Without spaces and tabs at both ends.
func trimmed(_ text: Substring) -> String {
  var text = text
  while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
  while let last = text.last, last == " " || last == "\t" { text.removeLast() }
  return String(text)
}

import NIOCore

/// Writes JSON by hand, compactly, straight into a buffer: no tree, no reflection. Commas are its business; that brackets
/// match and that members have keys is the caller's (checked in debug builds).
///
/// ```swift
/// var writer = JSONWriter()
/// writer.beginObject()
/// writer.member("room", "ops")
/// writer.member("offset", 17)
/// writer.endObject()
/// let json = writer.json()
/// ```
package struct JSONWriter: Sendable {
  private var buffer: ByteBuffer
  private var needsComma = false
  private var depth = 0

  /// `capacity`: the bytes that are expected; more are found when needed.
  package init(capacity: Int = 256) {
    buffer = ByteBufferAllocator().buffer(capacity: capacity)
  }

  /// Goes on behind what `buffer` holds.
  package init(appendingTo buffer: ByteBuffer) {
    self.buffer = buffer
  }

  package mutating func beginObject() { begin(UInt8(ascii: "{")) }
  package mutating func endObject() { end(UInt8(ascii: "}")) }
  package mutating func beginArray() { begin(UInt8(ascii: "[")) }
  package mutating func endArray() { end(UInt8(ascii: "]")) }

  /// The key of the value that is written next. A literal, of characters that need no escape.
  package mutating func key(_ key: StaticString) {
    separate()
    buffer.writeInteger(UInt8(ascii: "\""))
    buffer.writeStaticString(key)
    buffer.writeStaticString("\":")
    needsComma = false
  }

  /// The key of the value that is written next, of any characters.
  package mutating func key(escaping key: String) {
    separate()
    JSONString.write(key, to: &buffer)
    buffer.writeInteger(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func string(_ text: String) {
    separate()
    JSONString.write(text, to: &buffer)
  }

  package mutating func integer(_ value: some FixedWidthInteger) {
    separate()
    buffer.writeString(String(value))
  }

  package mutating func number(_ number: JSONNumber) {
    separate()
    buffer.writeString(number.text)
  }

  package mutating func bool(_ value: Bool) {
    separate()
    buffer.writeStaticString(value ? "true" : "false")
  }

  package mutating func null() {
    separate()
    buffer.writeStaticString("null")
  }

  /// A value that already is text, as it is spelled.
  package mutating func json(_ json: JSONText) {
    separate()
    buffer.writeImmutableBuffer(json.bytes)
  }

  /// A tree, depth first. It must not be deeper than a few thousand levels; ``JSONText/init(_:)-(JSONValue)`` sees to it.
  package mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let value): bool(value)
    case .number(let value): number(value)
    case .string(let value): string(value)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let object):
      beginObject()
      for member in object.members {
        key(escaping: member.key)
        self.value(member.value)
      }
      endObject()
    }
  }

  package mutating func member(_ key: StaticString, _ text: String) {
    self.key(key)
    string(text)
  }

  package mutating func member(_ key: StaticString, _ value: some FixedWidthInteger) {
    self.key(key)
    integer(value)
  }

  package mutating func member(_ key: StaticString, _ value: Bool) {
    self.key(key)
    bool(value)
  }

  package mutating func member(_ key: StaticString, _ json: JSONText) {
    self.key(key)
    self.json(json)
  }

  /// What was written, as bytes.
  package consuming func finish() -> ByteBuffer {
    assert(depth == 0, "\(depth) objects or arrays are still open")
    return buffer
  }

  /// What was written: one value.
  package consuming func json() -> JSONText {
    JSONText(unchecked: finish())
  }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    buffer.writeInteger(bracket)
    needsComma = false
    depth += 1
  }

  private mutating func end(_ bracket: UInt8) {
    buffer.writeInteger(bracket)
    needsComma = true
    depth -= 1
  }

  private mutating func separate() {
    if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
    needsComma = true
  }
}

import NIOCore

/// One valid JSON value as text (RFC 8259), without white space around it and nested at most ``Limits/jsonDepth`` deep.
///
/// It is kept in the bytes it came in; taking a message's JSON out of its frame copies nothing, and keeps the frame's
/// bytes alive as long as the value. Two are equal when they are spelled the same.
public struct JSONText: Hashable, Sendable {
  /// The UTF-8 of the value.
  package let bytes: ByteBuffer

  /// The value as it was spelled.
  public var text: String { String(buffer: bytes) }

  /// Checks `text` and keeps the value in it; white space around it is dropped.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the place where it stops being JSON.
  public init(_ text: String) throws(HookupError) {
    try self.init(validating: ByteBuffer(string: text))
  }

  /// Renders `value`.
  /// - Throws: ``HookupError/Code/invalidArgument`` when it is nested deeper than ``Limits/jsonDepth``.
  public init(_ value: JSONValue) throws(HookupError) {
    guard value.depth(atMost: Limits.jsonDepth) != nil else {
      throw HookupError(
        .invalidArgument, "the JSON value is nested deeper than \(Limits.jsonDepth) levels")
    }
    var writer = JSONWriter()
    writer.value(value)
    self = writer.json()
  }

  /// Checks `bytes` as ``init(_:)-(String)`` does.
  package init(validating bytes: ByteBuffer) throws(HookupError) {
    do {
      let range = try JSONScanner.validate(bytes.readableBytesUInt8Span).range
      self.bytes = bytes.part(range)
    } catch {
      throw error.error
    }
  }

  /// For text that is known to be one JSON value without white space around it.
  package init(unchecked text: String) {
    bytes = ByteBuffer(string: text)
  }

  /// For bytes that are known to be one JSON value without white space around it.
  package init(unchecked bytes: ByteBuffer) {
    self.bytes = bytes
  }

  /// The value as a tree.
  public func parse() -> JSONValue {
    do {
      return try JSONValue(parsing: bytes)
    } catch {
      assertionFailure("an unchecked JSONText is \(error)")
      return .null
    }
  }
}

extension JSONText: CustomStringConvertible {
  public var description: String { text }
}

extension ByteBuffer {
  /// These bytes, in storage of their own when they are a small part of a large one: what is kept for later does not keep all
  /// that was read with it.
  package var detached: ByteBuffer {
    guard storageCapacity > 1_024, readableBytes < storageCapacity / 8 else { return self }
    return withUnsafeReadableBytes { ByteBuffer(bytes: $0) }
  }

  /// The bytes at `range`, counted from the first readable one, sharing the storage.
  @inline(__always)
  func part(_ range: Range<Int>) -> ByteBuffer {
    getSlice(at: readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
  }
}

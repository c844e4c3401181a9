/// Reads elements of DER one after the other (X.690 §8.1, §10.1): what certificates are made of. Elements whose length is
/// indefinite, or reaches beyond the bytes at hand, end the reading.
struct DERReader {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
  }

  struct Element: Hashable {
    /// The identifier, with class and the bit for "constructed".
    var tag: UInt8
    var content: ArraySlice<UInt8>

    var reader: DERReader { DERReader(content) }
  }

  static let boolean: UInt8 = 0x01
  static let octetString: UInt8 = 0x04
  static let objectIdentifier: UInt8 = 0x06
  static let sequence: UInt8 = 0x30
  static let set: UInt8 = 0x31

  /// Nil at the end, and for what cannot be read.
  mutating func next() -> Element? {
    guard let tag = bytes.popFirst(), tag & 0x1F != 0x1F, let first = bytes.popFirst() else {
      return stop()
    }
    var length = Int(first)
    if first >= 0x80 {
      let count = Int(first & 0x7F)
      guard (1...4).contains(count), bytes.count >= count else { return stop() }
      length = bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
      bytes = bytes.dropFirst(count)
    }
    guard length <= bytes.count else { return stop() }
    defer { bytes = bytes.dropFirst(length) }
    return Element(tag: tag, content: bytes.prefix(length))
  }

  /// The content of the next element if it is of that kind; the reading ends if it is not.
  mutating func next(_ tag: UInt8) -> DERReader? {
    guard let element = next(), element.tag == tag else { return stop() }
    return element.reader
  }

  /// The next element, if it is of that kind; it is left in place if it is not.
  mutating func take(_ tag: UInt8) -> Element? {
    bytes.first == tag ? next() : nil
  }

  private mutating func stop<Value>() -> Value? {
    bytes = []
    return nil
  }
}

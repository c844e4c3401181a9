import NIOCore

/// The PROXY protocol's header, which a proxy sends in front of everything else (HAProxy, "The PROXY protocol", versions 1 and 2).
package enum ProxyHeader: Hashable, Sendable {
  /// The proxy speaks for itself, a health check for instance, or does not know for whom.
  case local
  case client(ForwardedAddress)

  package enum Reading: Hashable, Sendable {
    /// More bytes are needed; there are less than the longest header has.
    case incomplete
    /// The header is taken out of the buffer.
    case header(ProxyHeader)
    /// What is there is no header, or not one for a stream; why, for a log.
    case malformed(String)
  }

  /// The longest header of version 1, line end included (§2.1).
  package static let maximumTextBytes = 107
  /// The longest header of version 2 that is read: addresses, and some room for extensions (§2.2).
  package static let maximumBinaryBytes = 536

  private static let textStart = Array("PROXY ".utf8)
  private static let binaryStart: [UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
  ]

  /// Reads the header at the beginning of what has come so far; nothing is taken before it is whole.
  package static func read(from buffer: inout ByteBuffer) -> Reading {
    let bytes = buffer.readableBytesView
    guard let first = bytes.first else { return .incomplete }
    let start = first == binaryStart[0] ? binaryStart : textStart
    guard bytes.prefix(start.count).elementsEqual(start.prefix(bytes.count)) else {
      return .malformed("it does not begin with a header")
    }
    guard bytes.count >= start.count else { return .incomplete }
    return start == textStart ? readText(&buffer) : readBinary(&buffer)
  }

  // MARK: Version 1

  private static func readText(_ buffer: inout ByteBuffer) -> Reading {
    let bytes = buffer.readableBytesView.prefix(maximumTextBytes)
    guard let end = bytes.firstIndex(of: 0x0A) else {
      return bytes.count < maximumTextBytes ? .incomplete : .malformed("its line is too long")
    }
    let line = bytes[..<end]
    guard line.last == 0x0D else { return .malformed("its line ends without a carriage return") }
    guard let header = header(ofLine: line.dropLast()) else {
      return .malformed("its line makes no sense")
    }
    buffer.moveReaderIndex(forwardBy: line.count + 1)
    return .header(header)
  }

  private static func header(ofLine line: some Collection<UInt8>) -> ProxyHeader? {
    let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
    let size: Int
    switch String(decoding: words[1], as: UTF8.self) {
    case "UNKNOWN": return .local
    case "TCP4": size = 4
    case "TCP6": size = 16
    default: return nil
    }
    guard words.count == 6,
      let source = IPAddress(String(decoding: words[2], as: UTF8.self)), source.bytes.count == size,
      let target = IPAddress(String(decoding: words[3], as: UTF8.self)), target.bytes.count == size,
      let port = decimalNumber(words[4], atMost: 65_535),
      decimalNumber(words[5], atMost: 65_535) != nil
    else { return nil }
    return .client(ForwardedAddress(source, port: port))
  }

  // MARK: Version 2

  private static func readBinary(_ buffer: inout ByteBuffer) -> Reading {
    let start = buffer.readerIndex + binaryStart.count
    guard let kind: UInt8 = buffer.getInteger(at: start),
      let family: UInt8 = buffer.getInteger(at: start + 1),
      let length = buffer.getInteger(at: start + 2, as: UInt16.self).map(Int.init),
      buffer.readableBytes >= 16
    else { return .incomplete }
    guard kind == 0x20 || kind == 0x21 else {
      return .malformed("its version or command is unknown")
    }
    guard 16 + length <= maximumBinaryBytes else { return .malformed("it is too long") }
    guard buffer.readableBytes >= 16 + length,
      let body = buffer.getBytes(at: buffer.readerIndex + 16, length: length)
    else { return .incomplete }
    guard let header = kind == 0x20 ? .local : header(ofFamily: family, body) else {
      return .malformed("its addresses make no sense")
    }
    buffer.moveReaderIndex(forwardBy: 16 + length)
    return .header(header)
  }

  /// - Parameter body: both addresses, both ports, and extensions, which are passed over.
  private static func header(ofFamily family: UInt8, _ body: [UInt8]) -> ProxyHeader? {
    let size: Int
    switch family {
    // Unspecified, and a Unix-domain socket with two paths.
    case 0x00: return .local
    case 0x31: return body.count >= 216 ? .local : nil
    case 0x11: size = 4
    case 0x21: size = 16
    default: return nil
    }
    guard body.count >= 2 * size + 4, let address = IPAddress(bytes: body[..<size]) else {
      return nil
    }
    let port = Int(body[2 * size]) << 8 | Int(body[2 * size + 1])
    return .client(ForwardedAddress(address, port: port))
  }
}

import NIOCore

/// The status line and the header fields of an HTTP/1 response (RFC 9112 §4, §5).
package struct HTTPResponseHead: Sendable {
  /// 100...999.
  package var status: Int
  /// The words behind the status; may be empty. From the network.
  package var phrase: String
  package var headers: WebSocketHandshake.Headers

  package init(status: Int, phrase: String, headers: WebSocketHandshake.Headers) {
    self.status = status
    self.phrase = phrase
    self.headers = headers
  }
}

/// Collects what a server sends until its response head is complete, within a bound.
package struct HTTPResponseReader: Sendable {
  /// The longest head that is taken, bytes.
  package static let maximumBytes = 16_384
  /// The most header fields that are taken.
  package static let maximumFields = 128
  /// The most interim answers (1xx but 101, RFC 9110 §15.2) that are passed over.
  package static let maximumInterim = 8

  private let peer: String
  private var collected = ByteBuffer()
  /// How many bytes were searched for the end already.
  private var searchedBytes = 0
  private var interim = 0

  /// - Parameter peer: host and port, for the messages of errors.
  package init(peer: String) {
    self.peer = peer
  }

  /// Takes what arrived: the head, once it is complete, and the bytes that came behind it.
  /// Interim answers are passed over.
  /// - Throws: ``HookupError/Code/handshakeFailed`` when it is no HTTP, or too long.
  package mutating func receive(
    _ bytes: ByteBuffer
  ) throws(HookupError) -> (head: HTTPResponseHead, rest: ByteBuffer)? {
    collected.writeImmutableBuffer(bytes)
    while let (head, rest) = try next() {
      guard (100...199).contains(head.status), head.status != 101 else { return (head, rest) }
      interim += 1
      guard interim <= Self.maximumInterim else {
        throw HookupError(
          .handshakeFailed,
          "\(peer) sent more than \(Self.maximumInterim) interim answers to the handshake")
      }
      searchedBytes = 0
    }
    return nil
  }

  /// The next head, if it is complete.
  private mutating func next() throws(HookupError) -> (head: HTTPResponseHead, rest: ByteBuffer)? {
    let start = Array("HTTP/1.".utf8)
    guard
      collected.readableBytesView.prefix(start.count).elementsEqual(
        start.prefix(collected.readableBytes))
    else {
      throw HookupError(
        .handshakeFailed,
        "\(peer) does not speak HTTP, so it is no WebSocket server; is this the right port, "
          + "and ws:// or wss:// the right scheme?")
    }
    guard let length = lengthOfHead() else {
      guard collected.readableBytes < Self.maximumBytes else { throw tooLong }
      return nil
    }
    guard length <= Self.maximumBytes else { throw tooLong }
    let text = collected.readString(length: length) ?? ""
    return (try parse(text), collected)
  }

  private var tooLong: HookupError {
    HookupError(
      .handshakeFailed,
      "\(peer) answered the handshake with a head of more than \(Self.maximumBytes) bytes")
  }

  /// How many bytes there are up to and including the empty line.
  private mutating func lengthOfHead() -> Int? {
    let view = collected.readableBytesView
    let end = Array("\r\n\r\n".utf8)
    var position = view.startIndex + max(searchedBytes - (end.count - 1), 0)
    while let next = view[position...].firstIndex(of: end[0]) {
      if view[next...].starts(with: end) { return next - view.startIndex + end.count }
      position = next + 1
    }
    searchedBytes = view.count
    return nil
  }

  private func parse(_ text: String) throws(HookupError) -> HTTPResponseHead {
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0.last == "\r" ? $0.dropLast() : $0) }
    let statusLine = lines.removeFirst()
    let parts = statusLine.split(
      separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[1].utf8.count == 3, let status = Int(parts[1]), status >= 100
    else {
      throw HookupError(
        .handshakeFailed, "\(peer) answered the handshake with \(quoted(statusLine))")
    }
    var headers: WebSocketHandshake.Headers = []
    guard lines.count <= Self.maximumFields + 2 else {
      throw HookupError(
        .handshakeFailed,
        "\(peer) answered the handshake with more than \(Self.maximumFields) header fields")
    }
    for line in lines where !line.isEmpty {
      let name = line.prefix { $0 != ":" }
      guard WebSocketHandshake.isToken(name), name.count < line.count else {
        throw HookupError(
          .handshakeFailed, "\(peer) answered the handshake with a bad header line \(quoted(line))")
      }
      let value = line.dropFirst(name.count + 1)
      headers.append((String(name), WebSocketHandshake.trim(value)))
    }
    return HTTPResponseHead(
      status: status, phrase: parts.count > 2 ? String(parts[2]) : "", headers: headers)
  }
}

import NIOCore

/// Cuts the head of an HTTP/1 request off the bytes of a connection, within limits, strictly.
///
/// Lines end in CRLF; a bare CR or LF, folded lines, white space before a colon and control characters are
/// malformed (RFC 9112 §2.2, §5): what two programs in a row may read differently is not guessed at.
struct RequestHeadParser: Sendable {
  /// What the bytes so far amount to.
  enum Outcome: Hashable, Sendable {
    /// The head is not complete: read on.
    case incomplete
    /// A whole head was taken from the buffer; what follows it was left in place.
    case head(RequestHead)
    /// Not a request this server takes: answer `status` and close, for nothing that follows can be trusted.
    case refused(status: HTTPStatus, reason: String)
  }

  let maximumBytes: Int
  let maximumHeaders: Int
  /// How many bytes after the reader index hold no end of a head, so that a head that comes byte by byte is not
  /// searched from its start each time.
  private var searched = 0

  init(maximumBytes: Int, maximumHeaders: Int) {
    self.maximumBytes = maximumBytes
    self.maximumHeaders = maximumHeaders
  }

  mutating func parse(_ buffer: inout ByteBuffer) -> Outcome {
    skipEmptyLines(&buffer)
    // Half an empty line, most likely: what comes next tells.
    if searched == 0, buffer.readableBytesView.elementsEqual([.carriageReturn]) {
      buffer.discardReadBytes()
      return .incomplete
    }
    let (length, failure) = buffer.withUnsafeReadableBytes { measure($0) }
    if let failure { return failure }
    guard let length, let head = buffer.readSlice(length: length) else {
      // A buffer that never runs empty would keep all that was ever read.
      buffer.discardReadBytes()
      return .incomplete
    }
    searched = 0
    return head.withUnsafeReadableBytes { Self.read($0, maximumHeaders: maximumHeaders) }
  }

  /// A client may send an empty line before a request (RFC 9112 §2.2); a connection of nothing else runs
  /// into the time limit.
  private mutating func skipEmptyLines(_ buffer: inout ByteBuffer) {
    guard searched == 0 else { return }
    let empty = buffer.withUnsafeReadableBytes { bytes in
      var index = 0
      while index + 1 < bytes.count, bytes[index] == .carriageReturn, bytes[index + 1] == .lineFeed
      {
        index += 2
      }
      return index
    }
    buffer.moveReaderIndex(forwardBy: empty)
  }

  /// The length of the head with its final empty line, or why there cannot be one.
  private mutating func measure(
    _ bytes: UnsafeRawBufferPointer
  ) -> (length: Int?, failure: Outcome?) {
    let tooLarge = Outcome.refused(
      status: .requestHeaderFieldsTooLarge, reason: "the request head exceeds \(maximumBytes) bytes"
    )
    var index = max(0, searched - 3)
    while index + 3 < bytes.count {
      if bytes[index] == .carriageReturn, bytes[index + 1] == .lineFeed,
        bytes[index + 2] == .carriageReturn, bytes[index + 3] == .lineFeed
      {
        return index + 4 <= maximumBytes ? (index + 4, nil) : (nil, tooLarge)
      }
      index += 1
    }
    searched = bytes.count
    return bytes.count >= maximumBytes ? (nil, tooLarge) : (nil, nil)
  }

  // MARK: One whole head

  private static func malformed(_ reason: String) -> Outcome {
    .refused(status: .badRequest, reason: reason)
  }

  private static func read(_ bytes: UnsafeRawBufferPointer, maximumHeaders: Int) -> Outcome {
    var lines: [Slice<UnsafeRawBufferPointer>] = []
    var start = bytes.startIndex
    for index in bytes.indices where bytes[index] == .lineFeed || bytes[index] == .carriageReturn {
      if bytes[index] == .carriageReturn {
        guard index + 1 < bytes.count, bytes[index + 1] == .lineFeed else {
          return malformed("a carriage return without a line feed")
        }
        continue
      }
      guard index > start, bytes[index - 1] == .carriageReturn else {
        return malformed("a line feed without a carriage return")
      }
      if index - 1 > start { lines.append(bytes[start..<(index - 1)]) }
      start = index + 1
    }
    guard let first = lines.first else { return malformed("no request line") }
    guard lines.count - 1 <= maximumHeaders else {
      return .refused(
        status: .requestHeaderFieldsTooLarge, reason: "more than \(maximumHeaders) header lines")
    }
    var head: RequestHead
    switch requestLine(first) {
    case .success(let line): head = line
    case .failure(let refusal): return refusal.outcome
    }
    for line in lines.dropFirst() {
      guard let field = field(line) else { return malformed("a malformed header line") }
      head.headers.append(field.name, field.value)
    }
    return checked(head)
  }

  private struct Refusal: Error {
    var outcome: Outcome
  }

  /// RFC 9112 §3: method, target, version, single spaces between.
  private static func requestLine(
    _ line: Slice<UnsafeRawBufferPointer>
  ) -> Result<RequestHead, Refusal> {
    func refuse(_ reason: String) -> Result<RequestHead, Refusal> {
      .failure(Refusal(outcome: malformed(reason)))
    }
    let parts = line.split(separator: .space, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(isTokenByte) else {
      return refuse("a malformed request line")
    }
    let version = Array(parts[2])
    guard version.count == 8, version.starts(with: "HTTP/".utf8), isDigit(version[5]),
      version[6] == UInt8(ascii: "."), isDigit(version[7])
    else { return refuse("a malformed HTTP version") }
    guard version[5] == UInt8(ascii: "1") else {
      return .failure(
        Refusal(
          outcome: .refused(
            status: .httpVersionNotSupported, reason: "only HTTP/1.0 and HTTP/1.1 are spoken")))
    }
    guard parts[1].allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }),
      let target = originForm(String(decoding: parts[1], as: UTF8.self))
    else { return refuse("a malformed request target") }
    return .success(
      RequestHead(
        method: String(decoding: parts[0], as: UTF8.self), path: target.path, query: target.query,
        minorVersion: version[7] == UInt8(ascii: "0") ? 0 : 1, headers: HeaderFields(),
        authority: target.authority))
  }

  /// A request's target, taken apart.
  private struct Target {
    var path: String
    var query: String?
    var authority: Authority?
  }

  /// Reads `/path?query` or `http://host/path?query` (RFC 9112 §3.2.2).
  private static func originForm(_ target: String) -> Target? {
    var rest = Substring(target)
    var authority: Authority?
    for scheme in ["http://", "https://", "ws://", "wss://"]
    where equalASCII(String(rest.prefix(scheme.utf8.count)), scheme) {
      rest = rest.dropFirst(scheme.utf8.count)
      let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
      guard let named = Authority(rest[..<end]) else { return nil }
      authority = named
      rest = rest[end...]
      if !rest.hasPrefix("/") { rest = "/" + rest }
      break
    }
    guard rest.hasPrefix("/") else { return nil }
    guard let mark = rest.firstIndex(of: "?") else {
      return Target(path: String(rest), query: nil, authority: authority)
    }
    return Target(
      path: String(rest[..<mark]), query: String(rest[rest.index(after: mark)...]),
      authority: authority)
  }

  /// RFC 9112 §5: `name: value`, no space in or after the name, no control characters in the value.
  private static func field(_ line: Slice<UnsafeRawBufferPointer>) -> HeaderFields.Field? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else {
      return nil
    }
    let name = line[..<colon]
    let value = line[(colon + 1)...]
    guard name.allSatisfy(isTokenByte), value.allSatisfy(isValueByte) else { return nil }
    return HeaderFields.Field(
      name: String(decoding: name, as: UTF8.self),
      value: trimmed(Substring(String(decoding: value, as: UTF8.self))))
  }

  /// What must hold of the headers together.
  private static func checked(_ head: RequestHead) -> Outcome {
    let hosts = head.headers["Host"]
    // RFC 9112 §3.2: exactly one Host in HTTP/1.1.
    guard hosts.count == 1 || (hosts.isEmpty && head.minorVersion == 0) else {
      return malformed("\(hosts.count) Host headers instead of one")
    }
    let named = hosts.first.map { Authority($0[...]) }
    if let named, named == nil { return malformed("a malformed Host header") }
    let lengths = head.headers["Content-Length"]
    // RFC 9112 §6.3: these are how requests are smuggled past a proxy.
    guard lengths.count <= 1, lengths.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }),
      lengths.isEmpty || !head.headers.contains("Transfer-Encoding")
    else { return malformed("contradictory lengths of the body") }
    var head = head
    head.authority = head.authority ?? named ?? nil
    return .head(head)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isValueByte(_ byte: UInt8) -> Bool {
    byte == 0x09 || (byte >= 0x20 && byte != 0x7F)
  }
}

/// Whether `byte` may stand in a method or a header name: RFC 9110 §5.6.2.
func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}

extension UInt8 {
  fileprivate static let space = UInt8(ascii: " ")
  fileprivate static let carriageReturn: UInt8 = 0x0D
  fileprivate static let lineFeed: UInt8 = 0x0A
}

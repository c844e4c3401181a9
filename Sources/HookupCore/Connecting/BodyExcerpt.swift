import NIOCore

/// The beginning of the body of an answer that is no WebSocket, for a person to read: bounded, and made harmless.
package struct BodyExcerpt: Sendable {
  /// The most that is collected, bytes; the rest of the body is not read.
  package static let maximumBytes = 1_024
  /// The most that is shown, Unicode scalars.
  package static let maximumLength = 200

  private let isChunked: Bool
  /// How many bytes of the body are to come; nil when only the end of the connection tells.
  private var remaining: Int?
  private var collected: [UInt8] = []
  /// The end was seen, or there is none.
  package private(set) var isComplete = false

  package init(of head: HTTPResponseHead) {
    isChunked = WebSocketHandshake.tokens("Transfer-Encoding", in: head.headers)
      .contains { $0.lowercased() == "chunked" }
    remaining =
      isChunked
      ? nil
      : WebSocketHandshake.values("Content-Length", in: head.headers).first.flatMap { Int($0) }
    let hasNone = head.status < 200 || head.status == 204 || head.status == 304
    if hasNone || remaining ?? 1 <= 0 { isComplete = true }
  }

  package mutating func receive(_ bytes: ByteBuffer) {
    guard !isComplete else { return }
    let room = Self.maximumBytes - collected.count
    let taken = bytes.readableBytesView.prefix(min(room, remaining ?? room))
    collected += taken
    remaining = remaining.map { $0 - taken.count }
    isComplete = remaining == 0 || collected.count >= Self.maximumBytes
    if isChunked, dechunked().isWhole { isComplete = true }
  }

  /// The text so far on one line, without control characters; empty when there is none, or it is no text.
  package var text: String {
    let bytes = isChunked ? dechunked().bytes : collected
    var shown = ""
    var length = 0
    var owesSpace = false
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      switch scalar.properties.generalCategory {
      case .lineSeparator, .paragraphSeparator, .spaceSeparator: owesSpace = true
      case .control where scalar == "\n" || scalar == "\r" || scalar == "\t": owesSpace = true
      // Not text but an image, or something compressed.
      case .control where scalar == "\0": return ""
      case .control, .format, .surrogate, .privateUse, .unassigned: continue
      default:
        guard length < Self.maximumLength else { return shown + "…" }
        if owesSpace, !shown.isEmpty { shown += " " }
        owesSpace = false
        shown.unicodeScalars.append(scalar)
        length += 1
      }
    }
    return shown
  }

  /// The data of the chunks that are there, and whether the last one is among them (RFC 9112 §7.1).
  private func dechunked() -> (bytes: [UInt8], isWhole: Bool) {
    var bytes: [UInt8] = []
    var rest = collected[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let digits = rest[..<end].prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "\r") }
      guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size > 0 else {
        return (bytes, true)
      }
      rest = rest[(end + 1)...]
      bytes += rest.prefix(size)
      guard size < rest.count else { break }
      rest = rest.dropFirst(size)
      if rest.first == UInt8(ascii: "\r") { rest = rest.dropFirst() }
      if rest.first == UInt8(ascii: "\n") { rest = rest.dropFirst() }
    }
    return (bytes, false)
  }
}

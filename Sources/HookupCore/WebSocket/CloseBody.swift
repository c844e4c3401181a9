import NIOCore

/// The payload of a close frame: nothing, or a code and a reason (RFC 6455 §5.5.1).
struct CloseBody: Hashable, Sendable {
  /// The longest reason, bytes of UTF-8.
  static let maximumReasonBytes = FrameHeader.maximumControlBytes - 2

  /// ``CloseCode/noStatus`` for an empty payload.
  let code: CloseCode
  let reason: String

  /// What we send: a code that may not stand on the wire becomes an empty payload, a reason that is too long is cut
  /// between two characters.
  init(code: CloseCode, reason: String) {
    guard code.isAllowedOnWire else {
      (self.code, self.reason) = (.noStatus, "")
      return
    }
    self.code = code
    guard reason.utf8.count > Self.maximumReasonBytes else {
      self.reason = reason
      return
    }
    var cut = ""
    for scalar in reason.unicodeScalars {
      let bytes = UTF8.width(scalar)
      guard cut.utf8.count + bytes <= Self.maximumReasonBytes else { break }
      cut.unicodeScalars.append(scalar)
    }
    self.reason = cut
  }

  /// What the peer sent, at most 125 bytes.
  init(decoding payload: ByteBuffer) throws(ProtocolViolation) {
    guard payload.readableBytes > 0 else {
      (code, reason) = (.noStatus, "")
      return
    }
    guard let rawCode: UInt16 = payload.getInteger(at: payload.readerIndex) else {
      throw ProtocolViolation(.protocolError, "a close frame has half a code")
    }
    code = CloseCode(rawValue: rawCode)
    guard code.isAllowedOnWire else {
      throw ProtocolViolation(.protocolError, "the close code \(rawCode) is not allowed")
    }
    let start = payload.readerIndex + 2
    let count = payload.readableBytes - 2
    guard UTF8Validator.isValid(payload, at: start, count: count) else {
      throw ProtocolViolation(.invalidData, "a close reason is not valid UTF-8")
    }
    reason = payload.getString(at: start, length: count) ?? ""
  }

  func encoded() -> ByteBuffer {
    guard code != .noStatus else { return ByteBuffer() }
    var payload = ByteBuffer(integer: code.rawValue)
    payload.writeString(reason)
    return payload
  }
}

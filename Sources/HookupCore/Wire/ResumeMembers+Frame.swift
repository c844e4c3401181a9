import NIOCore

/// What the members mean. Each function is given the bytes they lie in.
extension ResumeMembers {
  func frame(in bytes: ByteBuffer) throws(ResumeFault) -> ResumeFrame {
    guard let t else { throw .missing("t", of: "the frame") }
    guard t.kind == .string else { throw .wrong("t", of: "the frame", "a string") }
    switch ResumeWord.word(t, in: bytes.readableBytesUInt8Span) {
    case ResumeWord.msg: return try message(in: bytes)
    case ResumeWord.ack:
      return .ack(
        through: try number(a, "a", of: "ack", in: bytes),
        credit: try number(cred, "cred", of: "ack", in: bytes))
    case ResumeWord.nack:
      return .nack(
        sequence: try number(s, "s", of: "nack", from: 1, in: bytes),
        reason: try reason(of: "nack", in: bytes))
    case ResumeWord.skip: return try skip(in: bytes)
    case ResumeWord.bye: return .bye(try bye(in: bytes))
    case ResumeWord.hello: return .hello(try hello("hello", fromClient: true, in: bytes))
    case ResumeWord.welcome: return .welcome(try hello("welcome", fromClient: false, in: bytes))
    default:
      // As much of it as is shown.
      let shown = JSONSlot(
        .string, t.range.lowerBound..<Swift.min(t.range.upperBound, t.range.lowerBound + 40))
      throw .unknown(frame: JSONString.decode(shown, in: bytes.readableBytesUInt8Span))
    }
  }

  private func message(in bytes: ByteBuffer) throws(ResumeFault) -> ResumeFrame {
    guard s != nil || m != nil else { return .plain(try messageContent(in: bytes)) }
    let sequence = try number(s, "s", of: "msg", from: 1, in: bytes)
    let tag = try bits(m, "m", of: "msg", in: bytes)
    var isRedelivered = false
    if r != nil {
      let flag = try number(r, "r", of: "msg", in: bytes)
      guard flag <= 1 else { throw .wrong("r", of: "msg", "0 or 1") }
      isRedelivered = flag == 1
    }
    return .numbered(
      ResumeFrame.Numbered(
        sequence: sequence, tag: tag, isRedelivered: isRedelivered,
        content: try messageContent(in: bytes)))
  }

  private func messageContent(in bytes: ByteBuffer) throws(ResumeFault) -> Message.Content {
    guard let type else { throw .missing("type", of: "msg") }
    guard let content else { throw .missing("content", of: "msg") }
    let span = bytes.readableBytesUInt8Span
    switch type.kind == .string ? ResumeWord.word(type, in: span) : 0 {
    case ResumeWord.text:
      guard content.kind == .string else { throw .wrong("content", of: "msg", "a string") }
      return .text(JSONString.decode(content, in: span))
    case ResumeWord.json: return .json(JSONText(unchecked: bytes.part(content.spelledRange)))
    case ResumeWord.bin:
      guard content.kind == .string, let decoded = Self.base64(content, in: bytes) else {
        throw .wrong("content", of: "msg", "base64")
      }
      return .binary(decoded)
    default: throw .wrong("type", of: "msg", "text, json or bin")
    }
  }

  private static func base64(_ slot: JSONSlot, in bytes: ByteBuffer) -> ByteBuffer? {
    let span = bytes.readableBytesUInt8Span
    guard slot.hasEscapes else { return Base64.decode(span.extracting(slot.range)) }
    // Some write `/` as `\/`.
    let plain = JSONString.unescape(span.extracting(slot.range))
    return Base64.decode(plain.span)
  }

  private func skip(in bytes: ByteBuffer) throws(ResumeFault) -> ResumeFrame {
    let through = try number(self[.to], "to", of: "skip", in: bytes)
    let tag = try bits(m, "m", of: "skip", in: bytes)
    guard let reason = ResumeFrame.SkipReason(rawValue: try reason(of: "skip", in: bytes)) else {
      let words = ResumeFrame.SkipReason.allCases.map(\.rawValue).joined(separator: " or ")
      throw .wrong("why", of: "skip", words)
    }
    return .skip(through: through, tag: tag, reason: reason)
  }

  private func bye(in bytes: ByteBuffer) throws(ResumeFault) -> ResumeFrame.Bye {
    let why = try reason(of: "bye", in: bytes)
    guard let resume = self[.resume] else { throw .missing("resume", of: "bye") }
    guard resume.kind == .bool else { throw .wrong("resume", of: "bye", "true or false") }
    // The words differ in length.
    var bye = ResumeFrame.Bye(reason: why, resumes: resume.range.count == 4)
    if let after = self[.after] {
      guard let range = Self.milliseconds(after, in: bytes) else {
        throw .wrong("after", of: "bye", "two rising whole numbers of milliseconds")
      }
      bye.after = range
    }
    return bye
  }

  private static func milliseconds(_ slot: JSONSlot, in bytes: ByteBuffer) -> ClosedRange<Int>? {
    guard let slots = try? elements(of: slot, atMost: 2, in: bytes.readableBytesUInt8Span),
      slots.count == 2,
      let low = whole(slots[0], in: bytes), let high = whole(slots[1], in: bytes), low <= high
    else { return nil }
    return Int(low)...Int(high)
  }

  private func hello(
    _ frame: StaticString, fromClient isClient: Bool, in bytes: ByteBuffer
  ) throws(ResumeFault) -> SessionHello {
    let version = try number(self[.v], "v", of: frame, in: bytes)
    guard version == SessionHello.version else {
      throw .unknown(version: version, of: "\(frame)")
    }
    let sending = SessionHello.Sending(
      epoch: try bits(self[.ep], "ep", of: frame, in: bytes),
      low: try number(self[.lo], "lo", of: frame, in: bytes),
      high: try number(self[.hi], "hi", of: frame, in: bytes),
      acked: try number(self[.acked], "acked", of: frame, in: bytes))
    guard sending.low <= sending.high + 1 else {
      throw .wrong("lo", of: "\(frame)", "at most one above 'hi'")
    }
    let knows = self[.rx]?.kind != .null
    let receiving = SessionHello.Receiving(
      epoch: try bits(self[.pep], "pep", of: frame, in: bytes),
      committed: knows ? try number(self[.rx], "rx", of: frame, in: bytes) : nil,
      tag: try bits(m, "m", of: frame, in: bytes))
    return SessionHello(
      client: isClient ? try client(in: bytes) : nil,
      incarnation: try bits(self[.inc], "inc", of: frame, in: bytes),
      connection: try number(self[.con], "con", of: frame, in: bytes),
      sending: sending, receiving: receiving,
      refusals: try refusals(of: frame, in: bytes),
      credit: try number(cred, "cred", of: frame, in: bytes),
      maximumMessageBytes: Int(try number(self[.max], "max", of: frame, in: bytes)))
  }

  private func client(in bytes: ByteBuffer) throws(ResumeFault) -> SessionID {
    guard let cid = self[.cid] else { throw .missing("cid", of: "hello") }
    guard cid.kind == .string, cid.range.count <= 6 * 32,
      let client = SessionID(JSONString.decode(cid, in: bytes.readableBytesUInt8Span))
    else { throw .wrong("cid", of: "hello", "32 lower-case hexadecimal digits") }
    return client
  }

  private func refusals(
    of frame: StaticString, in bytes: ByteBuffer
  ) throws(ResumeFault) -> [SessionHello.Refusal] {
    guard let nacks = self[.nacks] else { return [] }
    let most = SessionHello.maximumRefusals
    let span = bytes.readableBytesUInt8Span
    guard let slots = try? Self.elements(of: nacks, atMost: most, in: span) else {
      throw .wrong("nacks", of: "\(frame)", "a list of at most \(most) refusals")
    }
    var refusals: [SessionHello.Refusal] = []
    refusals.reserveCapacity(slots.count)
    for slot in slots {
      guard let pair = try? Self.elements(of: slot, atMost: 2, in: span), pair.count == 2,
        let sequence = Self.whole(pair[0], in: bytes),
        sequence > refusals.last?.sequence ?? 0, pair[1].kind == .string
      else {
        throw .wrong(
          "nacks", of: "\(frame)", "a list of numbers that rise from 1, each with its reason")
      }
      let reason = ResumeFormat.cut(JSONString.decode(pair[1], in: span))
      refusals.append(SessionHello.Refusal(sequence: sequence, reason: reason))
    }
    return refusals
  }
}

extension ResumeMembers {
  @inline(__always)
  private func number(
    _ slot: JSONSlot?, _ field: StaticString, of frame: StaticString, from least: UInt64 = 0,
    in bytes: ByteBuffer
  ) throws(ResumeFault) -> UInt64 {
    guard let slot else { throw .missing(field, of: "\(frame)") }
    guard let number = Self.whole(slot, in: bytes), number >= least else {
      throw .wrong(field, of: "\(frame)", "a whole number from \(least) to 2^53 - 1")
    }
    return number
  }

  @inline(__always)
  private func bits(
    _ slot: JSONSlot?, _ field: StaticString, of frame: StaticString, in bytes: ByteBuffer
  ) throws(ResumeFault) -> UInt64 {
    guard let slot else { throw .missing(field, of: "\(frame)") }
    guard let bits = Self.bits(slot, in: bytes.readableBytesUInt8Span) else {
      throw .wrong(field, of: "\(frame)", "16 lower-case hexadecimal digits")
    }
    return bits
  }

  private func reason(
    of frame: StaticString, in bytes: ByteBuffer
  ) throws(ResumeFault) -> String {
    guard let why = self[.why] else { throw .missing("why", of: "\(frame)") }
    guard why.kind == .string else { throw .wrong("why", of: "\(frame)", "a string") }
    return ResumeFormat.cut(JSONString.decode(why, in: bytes.readableBytesUInt8Span))
  }

  /// Nil unless it is 0...2^53 - 1, spelled in digits alone.
  @inline(__always)
  private static func whole(_ slot: JSONSlot, in bytes: ByteBuffer) -> UInt64? {
    guard slot.kind == .number, slot.range.count <= 16 else { return nil }
    let span = bytes.readableBytesUInt8Span
    var value: UInt64 = 0
    for offset in slot.range {
      let digit = span[offset] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + UInt64(digit)
    }
    return value <= ResumeFormat.maximumNumber ? value : nil
  }

  /// Nil unless it is a string of exactly 16 lower-case hexadecimal digits.
  @inline(__always)
  private static func bits(_ slot: JSONSlot, in bytes: borrowing Span<UInt8>) -> UInt64? {
    guard slot.kind == .string else { return nil }
    if slot.hasEscapes {
      guard slot.range.count <= 6 * 16 else { return nil }
      return hexadecimal(JSONString.decode(slot, in: bytes))
    }
    guard slot.range.count == 16 else { return nil }
    var value: UInt64 = 0
    for offset in slot.range {
      let byte = bytes[offset]
      var digit = byte &- UInt8(ascii: "0")
      if digit >= 10 {
        guard byte >= UInt8(ascii: "a"), byte <= UInt8(ascii: "f") else { return nil }
        digit = byte &- (UInt8(ascii: "a") - 10)
      }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  /// The elements of an array that was checked before.
  /// - Throws: ``JSONFault`` when it is no array, or has more than `most` elements.
  private static func elements(
    of slot: JSONSlot, atMost most: Int, in bytes: borrowing Span<UInt8>
  ) throws(JSONFault) -> [JSONSlot] {
    var scanner = JSONScanner(at: slot.range.lowerBound)
    guard slot.kind == .array else { throw JSONFault(.expectedValue, at: scanner.index) }
    var slots: [JSONSlot] = []
    scanner.index += 1
    if try !scanner.skipEnd(of: .array, bytes) {
      repeat {
        guard slots.count < most else { throw JSONFault(.expectedCommaOrEnd, at: scanner.index) }
        slots.append(try scanner.slot(bytes))
      } while try scanner.skipComma(in: .array, bytes)
    }
    return slots
  }
}

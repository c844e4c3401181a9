/// Takes the bytes that go to a terminal apart (ECMA-48, UTF-8), without obeying them.
struct TerminalParser: Sendable {
  /// One CSI sequence.
  struct Sequence: Hashable, Sendable {
    /// `?`, `>`, `=` or nothing.
    var prefix: String
    var parameters: [Int?]
    var intermediates: String
    var final: String

    func parameter(_ index: Int) -> Int? {
      parameters.indices.contains(index) ? parameters[index] : nil
    }

    /// Its function, with the number of the mode where it sets or resets a private one.
    var name: String {
      let isMode = prefix == "?" && (final == "h" || final == "l")
      let modes = parameters.compactMap { $0.map(String.init) }.joined(separator: ";")
      return "CSI " + prefix + (isMode ? modes : "") + intermediates + final
    }
  }

  enum Event: Hashable, Sendable {
    /// To be shown.
    case scalar(UInt32)
    /// C0, or C1 as UTF-8 or as a bare byte.
    case control(UInt8)
    case escape(intermediates: String, final: UInt8)
    case sequence(Sequence)
    /// A control string, by its function: `OSC 0`, `DCS`, `APC`.
    case text(name: String)
  }

  private enum State { case ground, escape, csi, string, stringEscape }

  private var state = State.ground
  private var scalar: UInt32 = 0
  private var missing = 0
  private var intermediates = ""
  private var collected: [UInt8] = []
  private var stringName = ""
  /// Of one sequence or control string; the rest is dropped.
  private static let maximumBytes = 4_096

  /// What is complete with this byte, if anything.
  mutating func receive(_ byte: UInt8) -> Event? {
    switch state {
    case .ground: return ground(byte)
    case .escape: return escape(byte)
    case .csi: return csi(byte)
    case .string: return string(byte)
    case .stringEscape:
      state = .ground
      let event = endOfString()
      // ESC \ is the terminator; anything else begins anew.
      if byte != UInt8(ascii: "\\") { _ = receive(byte) }
      return event
    }
  }

  private mutating func ground(_ byte: UInt8) -> Event? {
    if missing > 0, byte & 0xC0 == 0x80 {
      scalar = scalar << 6 | UInt32(byte & 0x3F)
      missing -= 1
      guard missing == 0 else { return nil }
      return (0x80..<0xA0).contains(scalar) ? .control(UInt8(scalar)) : .scalar(scalar)
    }
    missing = 0
    switch byte {
    case 0x1B:
      state = .escape
      intermediates = ""
      return nil
    case 0..<0x20, 0x7F, 0x80..<0xA0: return .control(byte)
    case 0x20..<0x7F: return .scalar(UInt32(byte))
    case 0xC2..<0xE0: (scalar, missing) = (UInt32(byte & 0x1F), 1)
    case 0xE0..<0xF0: (scalar, missing) = (UInt32(byte & 0x0F), 2)
    case 0xF0..<0xF5: (scalar, missing) = (UInt32(byte & 0x07), 3)
    default: return .scalar(0xFFFD)
    }
    return nil
  }

  private mutating func escape(_ byte: UInt8) -> Event? {
    switch byte {
    case UInt8(ascii: "["):
      state = .csi
      collected = []
      return nil
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"),
      UInt8(ascii: "X"):
      state = .string
      collected = []
      let names: [UInt8: String] = [0x5D: "OSC", 0x50: "DCS", 0x5F: "APC", 0x5E: "PM", 0x58: "SOS"]
      stringName = names[byte] ?? ""
      return nil
    case 0x20..<0x30:
      intermediates += String(Unicode.Scalar(byte))
      return nil
    case 0x30..<0x7F:
      state = .ground
      return .escape(intermediates: intermediates, final: byte)
    case 0x1B: return nil
    default:
      state = .ground
      return .control(byte)
    }
  }

  private mutating func csi(_ byte: UInt8) -> Event? {
    switch byte {
    case 0x20..<0x40:
      if collected.count < Self.maximumBytes { collected.append(byte) }
      return nil
    case 0x40..<0x7F:
      state = .ground
      return .sequence(sequence(final: byte))
    case 0x1B:
      state = .escape
      intermediates = ""
      return nil
    default: return .control(byte)
    }
  }

  private func sequence(final: UInt8) -> Sequence {
    let prefix = collected.prefix { (0x3C...0x3F).contains($0) }
    let digits = collected.dropFirst(prefix.count).prefix { (0x30...0x3B).contains($0) }
    let rest = collected.dropFirst(prefix.count + digits.count)
    let parameters = digits.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    return Sequence(
      prefix: String(decoding: prefix, as: UTF8.self),
      parameters: digits.isEmpty
        ? [] : parameters.map { Int(String(decoding: $0, as: UTF8.self)) },
      intermediates: String(decoding: rest, as: UTF8.self),
      final: String(Unicode.Scalar(final)))
  }

  private mutating func string(_ byte: UInt8) -> Event? {
    switch byte {
    case 0x07:
      state = .ground
      return endOfString()
    case 0x1B:
      state = .stringEscape
      return nil
    default:
      if collected.count < Self.maximumBytes { collected.append(byte) }
      return nil
    }
  }

  private func endOfString() -> Event {
    let number = collected.prefix { (0x30...0x39).contains($0) }
    guard stringName == "OSC" else { return .text(name: stringName) }
    return .text(name: "OSC " + String(decoding: number, as: UTF8.self))
  }
}

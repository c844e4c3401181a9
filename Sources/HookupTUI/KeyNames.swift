extension Key {
  /// The key of a C0 control or DEL: ^H and DEL are Backspace, the rest is Control with the letter or sign that the
  /// code stands for (ECMA-48 §8.3, column 4 and 5 of ASCII).
  init(control scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x00: self.init(.character(" "), .control)
    case 0x08, 0x7F: self.init(.backspace)
    case 0x09: self.init(.tab)
    case 0x0D: self.init(.enter)
    case 0x1B: self.init(.escape)
    case let code:
      let sign = Unicode.Scalar(UInt8(code & 0x1F) + 0x40)
      self = .control(Character(String(sign).lowercased()))
    }
  }

  /// The key that ncurses gives this name, with the modifiers that the name carries; nil for those nobody has
  /// bindings for.
  init?(terminalName name: String) {
    if let key = Self.named[name] {
      self = key
    } else if name.hasPrefix("KEY_F("), name.hasSuffix(")"),
      let number = Int(name.dropFirst(6).dropLast())
    {
      guard let key = Self.function(number) else { return nil }
      self = key
    } else if let key = Self.modified(name) {
      self = key
    } else {
      return nil
    }
  }

  /// The key of CSI `parameters` `final`, for those that the terminal's description does not name.
  init?(controlSequence parameters: [UInt8], final: UInt8) {
    if parameters.first == UInt8(ascii: "<") {
      self.init(mouse: Array(parameters.dropFirst()), final: final)
      return
    }
    guard let numbers = Self.numbers(parameters) else { return nil }
    let first = numbers.first ?? 1
    let modifiers = Modifiers(parameter: numbers.count > 1 ? numbers[1] : 1)
    switch final {
    case UInt8(ascii: "A"): self.init(.up, modifiers)
    case UInt8(ascii: "B"): self.init(.down, modifiers)
    case UInt8(ascii: "C"): self.init(.right, modifiers)
    case UInt8(ascii: "D"): self.init(.left, modifiers)
    case UInt8(ascii: "H"): self.init(.home, modifiers)
    case UInt8(ascii: "F"): self.init(.end, modifiers)
    case UInt8(ascii: "P")...UInt8(ascii: "S"):
      self.init(.function(Int(final - UInt8(ascii: "P")) + 1), modifiers)
    case UInt8(ascii: "Z"): self.init(.tab, .shift)
    case UInt8(ascii: "I") where parameters.isEmpty: self.init(.focusGained)
    case UInt8(ascii: "O") where parameters.isEmpty: self.init(.focusLost)
    case UInt8(ascii: "u"): self.init(code: first, modifiers)
    case UInt8(ascii: "~") where first == 27 && numbers.count == 3:
      self.init(code: numbers[2], modifiers)
    case UInt8(ascii: "~"):
      guard let base = Self.tilde[first] else { return nil }
      self.init(base, modifiers)
    default: return nil
    }
  }

  /// A press or a turn of the wheel, as xterm reports it in SGR form: CSI < button ; column ; row M. Releases are nothing.
  private init?(mouse parameters: [UInt8], final: UInt8) {
    guard final == UInt8(ascii: "M"), let numbers = Self.numbers(parameters), numbers.count == 3
    else { return nil }
    // Bits 2 to 4 are the modifiers.
    switch numbers[0] & ~0b11100 {
    case 0: self.init(.click(row: max(0, numbers[2] - 1), column: max(0, numbers[1] - 1)))
    case 64: self.init(.wheelUp)
    case 65: self.init(.wheelDown)
    default: return nil
    }
  }

  /// The key of ESC O `byte`.
  init?(singleShift byte: UInt8) {
    switch byte {
    case UInt8(ascii: "M"): self.init(.enter)
    case UInt8(ascii: "A")...UInt8(ascii: "D"), UInt8(ascii: "F"), UInt8(ascii: "H"),
      UInt8(ascii: "P")...UInt8(ascii: "S"):
      self.init(controlSequence: [], final: byte)
    default: return nil
    }
  }

  /// A key by its Unicode scalar, as the keyboard protocols of xterm (modifyOtherKeys) and kitty report it.
  private init?(code: Int, _ modifiers: Modifiers) {
    guard let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else { return nil }
    switch code {
    case 0x08, 0x09, 0x0D, 0x1B, 0x7F:
      self.init(control: scalar)
      self.modifiers = modifiers
    case 0x00...0x1F, 0x80...0x9F, 0xE000...0xF8FF: return nil
    default:
      var text = String(scalar)
      var modifiers = modifiers
      if modifiers.contains(.control) {
        text = text.lowercased()
      } else if modifiers.contains(.shift) {
        text = text.uppercased()
        modifiers.remove(.shift)
      }
      // Lower or upper case of one scalar may be several characters.
      guard text.count == 1, let character = text.first else { return nil }
      self.init(.character(character), modifiers)
    }
  }

  /// `12;5` as numbers; empty ones count as 1, sub-parameters after `:` are left out. Nil for anything else.
  private static func numbers(_ parameters: [UInt8]) -> [Int]? {
    guard !parameters.isEmpty else { return [] }
    var result: [Int] = []
    for part in parameters.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
      let digits = part.prefix { $0 != UInt8(ascii: ":") }
      guard digits.count <= 7 else { return nil }
      var number = 0
      for digit in digits {
        guard 0x30...0x39 ~= digit else { return nil }
        number = number * 10 + Int(digit - 0x30)
      }
      result.append(digits.isEmpty ? 1 : number)
    }
    return result
  }

  /// F13 and above are F1…F12 with modifiers, in the order in which xterm's description counts them.
  private static func function(_ number: Int) -> Key? {
    guard (1...63).contains(number) else { return nil }
    let groups: [Modifiers] = [[], .shift, .control, [.control, .shift], .alt, [.alt, .shift]]
    return Key(.function((number - 1) % 12 + 1), groups[(number - 1) / 12])
  }

  /// Names such as `kLFT5`: the key, then xterm's number of the modifiers; without a number it is Shift.
  private static func modified(_ name: String) -> Key? {
    let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
    guard digits <= 2, let base = extended[String(name.dropLast(digits))] else { return nil }
    guard digits > 0 else { return Key(base, .shift) }
    return Key(base, Modifiers(parameter: Int(name.suffix(digits)) ?? 1))
  }

  private static let tilde: [Int: Base] = [
    1: .home, 2: .insert, 3: .delete, 4: .end, 5: .pageUp, 6: .pageDown, 7: .home, 8: .end,
    11: .function(1), 12: .function(2), 13: .function(3), 14: .function(4), 15: .function(5),
    17: .function(6), 18: .function(7), 19: .function(8), 20: .function(9), 21: .function(10),
    23: .function(11), 24: .function(12),
  ]

  private static let extended: [String: Base] = [
    "kUP": .up, "kDN": .down, "kLFT": .left, "kRIT": .right, "kHOM": .home, "kEND": .end,
    "kNXT": .pageDown, "kPRV": .pageUp, "kDC": .delete, "kIC": .insert,
  ]

  private static let named: [String: Key] = [
    "KEY_UP": Key(.up), "KEY_DOWN": Key(.down), "KEY_LEFT": Key(.left), "KEY_RIGHT": Key(.right),
    "KEY_HOME": Key(.home), "KEY_END": Key(.end), "KEY_LL": Key(.end),
    "KEY_PPAGE": Key(.pageUp), "KEY_NPAGE": Key(.pageDown),
    "KEY_DC": Key(.delete), "KEY_IC": Key(.insert),
    "KEY_A1": Key(.home), "KEY_A3": Key(.pageUp), "KEY_C1": Key(.end), "KEY_C3": Key(.pageDown),
    "KEY_ENTER": Key(.enter), "KEY_BACKSPACE": Key(.backspace), "KEY_BTAB": Key(.tab, .shift),
    "KEY_SF": Key(.down, .shift), "KEY_SR": Key(.up, .shift),
    "KEY_SLEFT": Key(.left, .shift), "KEY_SRIGHT": Key(.right, .shift),
    "KEY_SHOME": Key(.home, .shift), "KEY_SEND": Key(.end, .shift),
    "KEY_SPREVIOUS": Key(.pageUp, .shift), "KEY_SNEXT": Key(.pageDown, .shift),
    "KEY_SDC": Key(.delete, .shift), "KEY_SIC": Key(.insert, .shift),
    "kxIN": Key(.focusGained), "kxOUT": Key(.focusLost),
    "kpADD": .character("+"), "kpSUB": .character("-"), "kpMUL": .character("*"),
    "kpDIV": .character("/"), "kpCMA": .character(","), "kpDOT": .character("."),
    "kpZRO": .character("0"),
  ]
}

extension Key.Modifiers {
  /// xterm's modifier parameter: 1 plus the bits 1 Shift, 2 Alt, 4 Control, 8 Meta (which counts as Alt here).
  init(parameter: Int) {
    let bits = max(0, parameter - 1)
    self = []
    if bits & 1 != 0 { insert(.shift) }
    if bits & 0b1010 != 0 { insert(.alt) }
    if bits & 4 != 0 { insert(.control) }
  }
}

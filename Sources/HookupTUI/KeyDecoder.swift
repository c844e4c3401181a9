import HookupCore

/// Turns what a terminal sends into keys: bytes, and the names of the sequences that the terminal's description knows.
///
/// Hand over everything that one read brought with ``receive(_:at:)``, then call ``settle(at:)`` once, then
/// ``takeKeys()``; call ``settle(at:)`` again when ``nextDeadline`` comes. What a terminal sends is hostile: no input
/// traps, and every part of the state is bounded.
///
/// Control sequences: ECMA-48 §5.4; bracketed paste, focus and modifiers as in xterm's "Control Sequences".
public struct KeyDecoder: Sendable {
  public enum Input: Hashable, Sendable {
    case byte(UInt8)
    /// A key as ncurses names it: `KEY_UP`, `KEY_F(1)`, `kLFT5`.
    case named(String)
  }

  public struct Configuration: Hashable, Sendable {
    /// How long an ESC at the end of a read may still become Alt with the next key. Default 0, because ncurses has
    /// already waited its own escape delay (25 ms) before it hands out an ESC. Longer: Escape acts late; with 0 and
    /// no wait below, Alt on a slow line falls apart into Escape and a letter.
    public var escapeDelay = Duration.zero
    /// How long the rest of a control sequence or of a UTF-8 scalar may take. Default 50 ms. 0 breaks sequences on
    /// slow lines into text; a second makes Alt-[ act a second late.
    public var sequenceDelay = Duration.milliseconds(50)
    /// A paste whose end marker has not come ends after this silence. Default 2 s. 0 would turn pastes on slow lines
    /// into keystrokes, and their line ends into Enter; a minute leaves the keyboard dead for a minute.
    public var pasteSilence = Duration.seconds(2)
    /// UTF-8 bytes of one paste that are kept; the rest is counted and dropped. Default 64 KiB. 0 refuses pastes.
    public var maximumPasteBytes = 64 << 10

    public init() {}
  }

  enum State: Hashable, Sendable {
    case ground
    /// After ESC. Can transition to all others.
    case escape
    /// After ESC [, with the parameter bytes so far. Can transition to ground, paste.
    case controlSequence([UInt8])
    /// After ESC O. Can transition to ground.
    case singleShift
    /// Between ESC [ 200 ~ and ESC [ 201 ~. Can transition to ground.
    case paste(Paste)
  }

  /// Parameter bytes of a control sequence that are kept; a longer sequence is none we know.
  static let maximumParameterBytes = 32
  /// Scalars of one character that are kept; more combining marks than that are not a key but an attack.
  static let maximumCharacterScalars = 32

  public let configuration: Configuration
  private var state = State.ground
  private var scalars = ScalarAssembler()
  /// An ESC came right before what is being put together.
  private var alt = false
  /// Plain characters in a row, kept together so that a sequence of scalars that is one character becomes one key.
  private var run = String.UnicodeScalarView()
  private var keys: [Key] = []
  private var lastInput = MonotonicInstant.zero
  private var droppedPasteBytes = 0

  public init(configuration: Configuration = Configuration()) {
    self.configuration = configuration
  }

  /// When ``settle(at:)`` must be called next if nothing arrives before.
  public var nextDeadline: MonotonicInstant? {
    switch state {
    case .ground: scalars.isEmpty ? nil : lastInput + configuration.sequenceDelay
    case .escape: lastInput + configuration.escapeDelay
    case .controlSequence, .singleShift: lastInput + configuration.sequenceDelay
    case .paste: lastInput + configuration.pasteSilence
    }
  }

  /// The keys that are complete, in order; they are handed out once.
  public mutating func takeKeys() -> [Key] {
    defer { keys = [] }
    return keys
  }

  /// How many bytes of pastes were beyond the limit since this was last asked; worth a notice when not 0.
  public mutating func takeDroppedPasteBytes() -> Int {
    defer { droppedPasteBytes = 0 }
    return droppedPasteBytes
  }

  public mutating func receive(_ input: Input, at now: MonotonicInstant) {
    lastInput = now
    switch input {
    case .byte(let byte): receive(byte)
    case .named(let name): receive(name: name)
    }
  }

  /// Ends a read: completes the run of characters, and gives up on what has been unfinished for too long.
  public mutating func settle(at now: MonotonicInstant) {
    flushRun()
    guard let deadline = nextDeadline, deadline <= now else { return }
    switch state {
    case .ground: if let scalar = scalars.finish() { receive(scalar) }
    case .escape: emit(Key(.escape))
    case .controlSequence(let parameters): if parameters.isEmpty { emit(.alt("[")) }
    case .singleShift: emit(.alt("O"))
    case .paste(let paste): finish(paste)
    }
    state = .ground
    alt = false
    flushRun()
  }
}

// MARK: - Bytes

extension KeyDecoder {
  private mutating func receive(_ byte: UInt8) {
    switch state {
    case .ground: receiveInGround(byte)
    case .escape: receiveAfterEscape(byte)
    case .controlSequence(let parameters): receive(byte, after: parameters)
    case .singleShift: receiveAfterSingleShift(byte)
    case .paste(var paste):
      // Moved out and back in, so that the text is not copied for each byte.
      state = .ground
      if paste.receive(byte, maximumBytes: configuration.maximumPasteBytes) {
        finish(paste)
      } else {
        state = .paste(paste)
      }
    }
  }

  private mutating func receiveInGround(_ byte: UInt8) {
    for scalar in scalars.receive(byte) { receive(scalar) }
  }

  private mutating func receive(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x1B: state = .escape
    case 0x00...0x1F, 0x7F: emit(Key(control: scalar), alt: true)
    case 0x80...0x9F: alt = false
    default:
      if alt {
        emit(.character(Character(scalar)), alt: true)
      } else {
        run.append(scalar)
      }
    }
  }

  private mutating func receiveAfterEscape(_ byte: UInt8) {
    switch byte {
    case 0x1B: emit(Key(.escape))
    case UInt8(ascii: "["): state = .controlSequence([])
    case UInt8(ascii: "O"): state = .singleShift
    default:
      state = .ground
      alt = true
      receiveInGround(byte)
    }
  }

  private mutating func receive(_ byte: UInt8, after parameters: [UInt8]) {
    switch byte {
    case 0x20...0x3F:
      if parameters.count <= Self.maximumParameterBytes {
        state = .controlSequence(parameters + [byte])
      }
    case 0x40...0x7E:
      state = .ground
      if parameters == [UInt8](ascii: "200"), byte == UInt8(ascii: "~") {
        flushRun()
        state = .paste(Paste())
      } else if parameters.count <= Self.maximumParameterBytes,
        let key = Key(controlSequence: parameters, final: byte)
      {
        emit(key)
      }
    default:
      state = .ground
      receiveInGround(byte)
    }
  }

  private mutating func receiveAfterSingleShift(_ byte: UInt8) {
    state = .ground
    if let key = Key(singleShift: byte) {
      emit(key)
    } else {
      emit(.alt("O"))
      receiveInGround(byte)
    }
  }

  private mutating func receive(name: String) {
    switch state {
    case .paste: return
    case .escape: alt = true
    case .ground, .controlSequence, .singleShift: break
    }
    state = .ground
    if let scalar = scalars.finish() { receive(scalar) }
    if let key = Key(terminalName: name) {
      emit(key, alt: true)
    } else {
      alt = false
    }
  }
}

// MARK: - Keys

extension KeyDecoder {
  /// Appends a key; with `alt`, an ESC that came right before it becomes a modifier.
  private mutating func emit(_ key: Key, alt takesAlt: Bool = false) {
    flushRun()
    var key = key
    if takesAlt, alt { key.modifiers.insert(.alt) }
    alt = false
    keys.append(key)
  }

  private mutating func flushRun() {
    guard !run.isEmpty else { return }
    for character in String(run) {
      var scalars = String.UnicodeScalarView()
      scalars.append(contentsOf: character.unicodeScalars.prefix(Self.maximumCharacterScalars))
      keys.append(.character(Character(String(scalars))))
    }
    run = String.UnicodeScalarView()
  }

  private mutating func finish(_ paste: Paste) {
    droppedPasteBytes += paste.dropped
    let text = paste.text
    if !text.isEmpty { emit(Key(.paste(text))) }
  }
}

extension [UInt8] {
  fileprivate init(ascii text: StaticString) {
    self = text.withUTF8Buffer { Array($0) }
  }
}

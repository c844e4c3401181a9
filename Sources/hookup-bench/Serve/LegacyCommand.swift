/// What a client tells the legacy test peer to do, in a text message.
enum LegacyCommand: Hashable {
  /// `!noack`: inside an `ack_request`, do not ack it.
  case noAck
  /// `!ask FORM [MS]`: send an `ack_request` with its payload in this form, and say whether the ack came in time.
  case ask(Form, milliseconds: Int)

  /// How the payload of an `ack_request` is written.
  enum Form: String, CaseIterable {
    /// An envelope under `content`.
    case content
    /// An envelope under `message`, as the Scala side of the original has it.
    case message
    /// A bare string under `content`.
    case string
    /// Bare JSON under `content`.
    case json
  }

  /// How long an ack may take unless told, milliseconds: the original's default.
  static let defaultMilliseconds = 5_000
  /// The longest time that may be asked for: ten minutes.
  static let maximumMilliseconds = 600_000

  /// Nil for text that is no command: it is echoed like any other.
  init?(_ text: String) {
    let words = text.split(separator: " ")
    switch words.first {
    case "!noack" where words.count == 1: self = .noAck
    case "!ask" where words.count == 2 || words.count == 3:
      guard let form = Form(rawValue: String(words[1])) else { return nil }
      var milliseconds = Self.defaultMilliseconds
      if words.count == 3 {
        guard let given = Int(words[2]), (1...Self.maximumMilliseconds).contains(given) else {
          return nil
        }
        milliseconds = given
      }
      self = .ask(form, milliseconds: milliseconds)
    default: return nil
    }
  }
}

extension LegacyCommand.Form {
  /// The `ack_request` frame with this id and its payload in this form.
  func request(id: UInt64) -> String {
    let payload =
      switch self {
      case .content: #""content":{"type":"text","content":"asked"}"#
      case .message: #""message":{"type":"text","content":"asked"}"#
      case .string: #""content":"asked""#
      case .json: #""content":{"asked":true}"#
      }
    return #"{"type":"ack_request","id":\#(id),\#(payload)}"#
  }
}

/// Why some bytes are not one JSON value, and where: what the scanner throws.
package struct JSONFault: Error, Hashable, Sendable {
  /// The rule that was broken first.
  package enum Reason: String, Hashable, Sendable {
    case unexpectedEnd = "the text ends in the middle of a value"
    case expectedValue = "a value was expected"
    case expectedKey = "a key in quotes was expected"
    case expectedColon = "':' was expected"
    case expectedCommaOrEnd = "',' or the end of the array or object was expected"
    case badNumber = "a number is malformed"
    case badLiteral = "a word is neither true, false nor null"
    case badEscape = "an escape in a string is malformed"
    case controlCharacter = "a control character in a string is not escaped"
    case badUTF8 = "a string is not valid UTF-8"
    case tooDeep = "arrays and objects are nested too deeply"
    case trailingBytes = "something follows the value"
  }

  package var reason: Reason
  /// Bytes before the fault, from the start of what was scanned.
  package var offset: Int

  package init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// The fault as a caller of a public function sees it. The text itself is not repeated.
  package var error: HookupError {
    var sentence = "not JSON: at byte \(offset), \(reason.rawValue)"
    if reason == .tooDeep { sentence += "; the limit is \(Limits.jsonDepth) levels" }
    return HookupError(.invalidArgument, sentence)
  }
}

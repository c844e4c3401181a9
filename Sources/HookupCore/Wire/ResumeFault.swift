/// Why a frame is none of `hookup.resume.v1`: what the connection is closed with. It never holds a message's text.
package struct ResumeFault: Error, Hashable, Sendable {
  /// A type of frame, or a version, that is not spoken here: dialling again would end the same way.
  package static let notSpoken = CloseCode(rawValue: 4015)

  /// 4015 for what is not spoken, 1002 for what is malformed, 1003 for a binary frame.
  package var code: CloseCode
  /// Names the frame and its field.
  package var sentence: String

  package init(_ code: CloseCode, _ sentence: String) {
    self.code = code
    self.sentence = sentence
  }
}

extension ResumeFault {
  init(_ fault: JSONFault) {
    self.init(
      .protocolError, "not a JSON object: at byte \(fault.offset), \(fault.reason.rawValue)")
  }

  static var binaryFrame: ResumeFault {
    ResumeFault(.unsupportedData, "a binary frame: hookup.resume.v1 is text frames only")
  }

  static func unknown(frame type: String) -> ResumeFault {
    ResumeFault(notSpoken, "an unknown type of frame, \(quoted(type))")
  }

  static func unknown(version: UInt64, of frame: String) -> ResumeFault {
    ResumeFault(
      notSpoken,
      "version \(version) in \(quoted(frame)): version \(SessionHello.version) is spoken here")
  }

  static func missing(_ field: StaticString, of frame: String) -> ResumeFault {
    ResumeFault(.protocolError, "\(quoted("\(field)")) is missing in \(quoted(frame))")
  }

  static func wrong(_ field: StaticString, of frame: String, _ rule: String) -> ResumeFault {
    ResumeFault(.protocolError, "\(quoted("\(field)")) in \(quoted(frame)) is not \(rule)")
  }
}

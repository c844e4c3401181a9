import NIOCore

/// `hookup.resume.v1`: sessions that outlive their connections, each message exactly once and in order. Text frames, one JSON
/// object each; the page Protocol lists them.
///
/// A session reads and writes its frames itself. As a ``WireFormat`` by itself it knows messages past the numbering, which live
/// as long as their connection; every other frame is read as the JSON, text or bytes it is made of.
public struct ResumeFormat: WireFormat {
  /// The largest number on the wire: 2^53 - 1, which every peer reads exactly.
  package static let maximumNumber: UInt64 = 1 << 53 - 1
  /// The most that is written or kept of a reason, bytes of UTF-8; what is longer is cut between two characters.
  package static let maximumReasonBytes = 256

  public init() {}

  public var subprotocol: String { Subprotocol.resume }
  public var carriesAcks: Bool { true }

  public func decode(_ frame: WireFrame) -> WireMessage {
    switch try? Self.decode(frame) as ResumeFrame {
    case .numbered(let message): .message(message.content)
    case .plain(let content): .message(content)
    default: SimpleJSONFormat().decode(frame)
    }
  }

  /// - Throws: ``HookupError/Code/invalidArgument`` for an ack and a message that wants one: their numbers are the session's.
  public func encode(_ message: WireMessage) throws(HookupError) -> WireFrame {
    guard case .message(let content) = message else {
      throw HookupError(
        .invalidArgument,
        "an ack in \(Subprotocol.resume) is its session's business: send through a client or a server's connection"
      )
    }
    return try Self.encode(.plain(content))
  }

  /// Reads a frame. Keys in any order, keys that are not known, white space; of equal keys the last counts.
  /// - Throws: ``ResumeFault`` with the code to close the connection with.
  package static func decode(_ frame: WireFrame) throws(ResumeFault) -> ResumeFrame {
    guard case .text(let bytes) = frame else { throw .binaryFrame }
    let members: ResumeMembers
    do {
      members = try ResumeMembers(bytes.readableBytesUInt8Span)
    } catch {
      throw ResumeFault(error)
    }
    return try members.frame(in: bytes)
  }

  /// `reason`, or as much of it as goes on the wire.
  static func cut(_ reason: String) -> String {
    let utf8 = reason.utf8
    guard utf8.count > maximumReasonBytes else { return reason }
    var end = utf8.index(utf8.startIndex, offsetBy: maximumReasonBytes)
    while utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
    return String(reason[..<end])
  }
}

import NIOCore

@testable import HookupCore

/// Frames as a peer would send them, made without the encoder under test.
enum Sample {
  static let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

  /// One frame; masked when it is for a server. `first` is the first byte: FIN, reserved bits and opcode.
  static func frame(_ first: UInt8, _ payload: [UInt8] = [], to role: WebSocketRole) -> [UInt8] {
    let maskBit: UInt8 = role == .server ? 0x80 : 0
    var bytes = [first]
    switch payload.count {
    case ..<126: bytes.append(maskBit | UInt8(payload.count))
    case ..<65_536:
      bytes += [maskBit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    default:
      bytes.append(maskBit | 127)
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(payload.count >> shift & 0xFF))
      }
    }
    guard role == .server else { return bytes + payload }
    return bytes + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
  }

  static func text(_ text: String, to role: WebSocketRole) -> [UInt8] {
    frame(0x81, Array(text.utf8), to: role)
  }

  static func close(_ code: UInt16, _ reason: String = "", to role: WebSocketRole) -> [UInt8] {
    frame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8), to: role)
  }
}

extension WireFrame {
  static func text(_ text: String) -> WireFrame { .text(ByteBuffer(string: text)) }
  static func binary(_ bytes: [UInt8]) -> WireFrame { .binary(ByteBuffer(bytes: bytes)) }
}

extension MonotonicInstant {
  static func seconds(_ seconds: Double) -> MonotonicInstant { .zero + .seconds(seconds) }
}

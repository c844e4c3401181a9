import HookupCore

/// The path of a request as a way into the public directory: a list of plain names, none of which leads out.
struct StaticFilePath: Hashable, Sendable {
  /// The names from the directory's root on; empty for the root itself.
  let components: [String]
  /// Whether the path ended in `/`: a directory is meant, whose index is served.
  let namesDirectory: Bool

  /// Longest path, bytes after decoding.
  static let maximumBytes = 4_096

  /// Decodes a request's path. Nil, to be answered 404, for what can name no public file: `.` and `..` in any
  /// spelling, a NUL or another control character, an encoded `/`, a backslash, a bad escape, bytes that are not UTF-8,
  /// an empty name in the middle, and names that begin with a dot, except `.well-known` (RFC 8615).
  init?(requestPath: String) {
    guard requestPath.utf8.first == UInt8(ascii: "/"),
      requestPath.utf8.count <= 3 * Self.maximumBytes
    else { return nil }
    var components: [String] = []
    let pieces = requestPath.utf8.dropFirst()
      .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for (index, piece) in pieces.enumerated() {
      if piece.isEmpty {
        guard index == pieces.count - 1 else { return nil }
        break
      }
      guard let name = Self.decode(piece), Self.isPublic(name) else { return nil }
      components.append(name)
    }
    guard components.reduce(0, { $0 + $1.utf8.count + 1 }) <= Self.maximumBytes else { return nil }
    self.components = components
    self.namesDirectory = requestPath.utf8.last == UInt8(ascii: "/")
  }

  /// As a relative path for the file system; `.` for the root.
  var relativePath: String { components.isEmpty ? "." : components.joined(separator: "/") }

  /// The path of this directory with its slash, percent-encoded, to redirect to. It begins with exactly one slash, so
  /// that it cannot be taken for the name of another host.
  var directoryLocation: String {
    components.reduce("/") { $0 + Self.encode($1) + "/" }
  }

  private static func isPublic(_ name: String) -> Bool {
    // Covers `.` and `..` too.
    name.utf8.first != UInt8(ascii: ".") || name == ".well-known"
  }

  private static func decode(_ piece: Substring.UTF8View.SubSequence) -> String? {
    guard let bytes = PercentEncoding.decode(piece) else { return nil }
    let forbidden: (UInt8) -> Bool = {
      $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\")
    }
    guard !bytes.contains(where: forbidden) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func encode(_ name: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in name.utf8 {
      if isUnreserved(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// RFC 3986 §2.3.
  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~".utf8.contains(byte)
    }
  }
}

extension WebSocketURL {
  /// The longest path of a Unix-domain socket, bytes: what the system's `sun_path` holds, without its final zero.
  #if os(Linux) || os(Android)
    public static let maximumSocketPathBytes = 107
  #else
    public static let maximumSocketPathBytes = 103
  #endif

  /// The parts of `/path/to.sock:/target?query`, of which everything from the colon on may be missing.
  static func splitSocket(
    _ text: Substring
  ) throws(HookupError) -> (path: String, target: String) {
    guard text.hasPrefix("/"), !text.hasPrefix("//") else {
      throw HookupError(
        .invalidArgument,
        "a ws+unix: URL needs the socket's absolute path: ws+unix:/path/to.sock:/target")
    }
    let encoded = text.prefix { $0 != ":" }
    guard !encoded.contains("?"), let path = PercentEncoding.text(encoded.utf8),
      !path.utf8.contains(0)
    else {
      throw HookupError(
        .invalidArgument,
        "the socket's path \(quoted(String(encoded))) is not well percent-encoded UTF-8, or has a '?' in it: "
          + "write it as %3F, and the query behind ':/'")
    }
    guard path.utf8.count <= maximumSocketPathBytes else {
      throw HookupError(
        .invalidArgument,
        "the socket's path has \(path.utf8.count) bytes; the system takes at most "
          + "\(maximumSocketPathBytes): use a shorter path, or a symbolic link")
    }
    let target = text.dropFirst(encoded.count + 1)
    return (path, target.hasPrefix("/") ? String(target) : "/" + target)
  }

  /// A socket's path as a URL has it: what would end it, and what cannot be in a URL, percent-encoded.
  package static func encoded(socketPath: String) -> String {
    var text = ""
    for byte in socketPath.utf8 {
      switch byte {
      case UInt8(ascii: ":"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "%"), 0...0x20,
        0x7F...:
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.count == 1 ? "0" : "") + digits
      default: text.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    return text
  }
}

/// A user name and its password. It shows the name only, wherever it is printed.
public struct Credentials: Hashable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible,
  CustomReflectable
{
  /// Without `:` (RFC 7617 §2).
  public let user: String
  public let password: String

  /// - Throws: ``HookupError/Code/invalidArgument`` for a `:` in the name or a control character in either.
  public init(user: String, password: String) throws(HookupError) {
    guard !user.contains(":") else {
      throw HookupError(
        .invalidArgument, "a user name for Basic authorization cannot have ':' in it")
    }
    guard !(user + password).unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
    else {
      throw HookupError(
        .invalidArgument, "a user name or password cannot have control characters in it")
    }
    self.user = user
    self.password = password
  }

  /// The value of an Authorization header (RFC 7617 §2), in UTF-8.
  package var basic: String { "Basic " + Base64.encode(Array("\(user):\(password)".utf8)) }

  public var description: String { "\(quoted(user)) with a password" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["user": user]) }

  /// The user part of a URL's authority, `user:password` with percent-encoding; nil when it is empty.
  /// - Throws: ``HookupError/Code/invalidArgument``, without the text.
  init?(userInfo: Substring) throws(HookupError) {
    guard !userInfo.isEmpty, userInfo != ":" else { return nil }
    let name = userInfo.prefix { $0 != ":" }
    guard let user = PercentEncoding.text(name.utf8),
      let password = PercentEncoding.text(userInfo.dropFirst(name.count + 1).utf8)
    else {
      throw HookupError(
        .invalidArgument, "the URL's user name or password is not well percent-encoded UTF-8")
    }
    try self.init(user: user, password: password)
  }
}

/// Who the client says it is, in the Authorization header of its handshake. It shows no secret when it is printed.
@nonexhaustive
public enum ClientAuthorization: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  /// RFC 7617. Use it with `wss://` only: the password crosses the network readably.
  case basic(Credentials)
  /// RFC 6750. Printable ASCII without spaces.
  case bearer(String)

  /// Name and password, see ``Credentials``.
  public static func basic(
    user: String, password: String
  ) throws(HookupError) -> ClientAuthorization {
    .basic(try Credentials(user: user, password: password))
  }

  /// The value of the Authorization header.
  /// - Throws: ``HookupError/Code/invalidArgument`` for a token that cannot be in a header, without the token.
  package func headerValue() throws(HookupError) -> String {
    switch self {
    case .basic(let credentials): return credentials.basic
    case .bearer(let token):
      guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
        throw HookupError(
          .invalidArgument, "the bearer token is empty, or has a character that is not allowed")
      }
      return "Bearer " + token
    }
  }

  public var description: String {
    switch self {
    case .basic(let credentials): "basic \(credentials)"
    case .bearer: "bearer token"
    }
  }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

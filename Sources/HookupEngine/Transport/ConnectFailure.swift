import HookupCore
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Turns what NIO, TLS and the system say about a failed attempt into one sentence with the server's name in it.
enum ConnectFailure {
  /// - Parameters:
  ///   - place: what could not be connected to.
  ///   - validity: from when to when the server's certificate holds, seconds since 1970, if it showed one.
  static func error(
    _ error: any Error, at place: String, timeout: Duration,
    validity: (notBefore: Int64, notAfter: Int64)? = nil
  ) -> HookupError {
    if let error = error as? HookupError { return error }
    let cause = validity.flatMap { untimely($0, error) } ?? cause(of: error, timeout: timeout)
    return HookupError(.connectFailed, "cannot connect to \(place): \(cause)", cause: error)
  }

  static func timeout(at place: String, _ problem: String, timeout: Duration) -> HookupError {
    HookupError(
      .connectFailed, "cannot connect to \(place): \(problem) within \(seconds(timeout))")
  }

  static func closed(url: WebSocketURL) -> HookupError {
    HookupError(
      .handshakeFailed, "\(url.hostAndPort) closed the connection before it answered the handshake")
  }

  private static func cause(of error: any Error, timeout: Duration) -> String {
    switch error {
    case let error as NIOConnectionError:
      // An address that was reached and refused says more than one that was not.
      if let last = error.connectionErrors.last { return cause(of: last.error, timeout: timeout) }
      if error.dnsAError != nil || error.dnsAAAAError != nil { return "the host name is unknown" }
      return "no address of it answered within \(seconds(timeout))"
    case let error as IOError: return cause(of: error)
    case let error as IdentityMismatch: return error.description
    case ChannelError.connectTimeout: return "no answer within \(seconds(timeout))"
    case is SocketAddressError: return "the host name is unknown"
    default: return tlsCause(of: error)
    }
  }

  /// What the system says, in words that are not code's.
  static func cause(of error: IOError) -> String {
    switch error.errnoCode {
    case ECONNREFUSED: "connection refused"
    case ECONNRESET: "connection reset"
    case ENETUNREACH, EHOSTUNREACH: "there is no route to it"
    case ETIMEDOUT: "no answer"
    case ENOENT: "there is no such socket"
    default: String(cString: strerror(error.errnoCode)).lowercased()
    }
  }

  /// Why a certificate was not taken, if its dates are why.
  private static func untimely(
    _ validity: (notBefore: Int64, notAfter: Int64), _ error: any Error
  ) -> String? {
    guard String(describing: error).contains("CERTIFICATE_VERIFY_FAILED") else { return nil }
    let now = wallClockSeconds()
    if now > validity.notAfter {
      return "its TLS certificate expired on "
        + HTTPDate.format(secondsSince1970: validity.notAfter)
    }
    if now < validity.notBefore {
      return "its TLS certificate is not valid before "
        + HTTPDate.format(secondsSince1970: validity.notBefore) + "; is the clock right?"
    }
    return nil
  }

  /// What the TLS library's words mean, from the most to the least telling.
  private static let tlsCauses = [
    ("CERTIFICATE_VERIFY_FAILED", "its TLS certificate is not trusted"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS; is it a ws:// server?"),
    ("CERTIFICATE_REQUIRED", "it asks for a client certificate"),
    ("PROTOCOL_VERSION", "it speaks no TLS version that is allowed here"),
    ("UNSUPPORTED_PROTOCOL", "it speaks no TLS version that is allowed here"),
    ("UNKNOWN_CA", "it does not trust the client certificate"),
    ("ALERT_CERTIFICATE_EXPIRED", "it does not take the client certificate: expired"),
    ("BAD_CERTIFICATE", "it does not take the client certificate"),
    ("UNRECOGNIZED_NAME", "it does not know this host name"),
    (
      "HANDSHAKE_FAILURE",
      "the TLS handshake failed; perhaps it asks for a client certificate, or shares no cipher"
    ),
  ]

  private static func tlsCause(of error: any Error) -> String {
    let text = String(describing: error)
    if let known = tlsCauses.first(where: { text.contains($0.0) }) { return known.1 }
    return "TLS failed (\(text.prefix(160)))"
  }

  private static func seconds(_ timeout: Duration) -> String {
    timeout.wholeMilliseconds % 1_000 == 0
      ? "\(timeout.wholeMilliseconds / 1_000) s" : "\(timeout.wholeMilliseconds) ms"
  }
}

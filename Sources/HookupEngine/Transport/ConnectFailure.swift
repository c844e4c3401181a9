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
  static func error(_ error: any Error, url: WebSocketURL, timeout: Duration) -> HookupError {
    if let error = error as? HookupError { return error }
    return HookupError(
      .connectFailed, "cannot connect to \(url.hostAndPort): \(cause(of: error, timeout: timeout))",
      cause: error)
  }

  static func timeout(url: WebSocketURL, timeout: Duration) -> HookupError {
    HookupError(
      .connectFailed,
      "cannot connect to \(url.hostAndPort): the handshake was not finished within \(seconds(timeout))"
    )
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
    case ChannelError.connectTimeout: return "no answer within \(seconds(timeout))"
    case is SocketAddressError: return "the host name is unknown"
    default: return tlsCause(of: error)
    }
  }

  private static func cause(of error: IOError) -> String {
    switch error.errnoCode {
    case ECONNREFUSED: "connection refused"
    case ECONNRESET: "connection reset"
    case ENETUNREACH, EHOSTUNREACH: "there is no route to it"
    case ETIMEDOUT: "no answer"
    default: String(cString: strerror(error.errnoCode)).lowercased()
    }
  }

  private static func tlsCause(of error: any Error) -> String {
    let text = String(describing: error)
    if text.contains("CERTIFICATE_VERIFY_FAILED") { return "its TLS certificate is not trusted" }
    if text.contains("WRONG_VERSION_NUMBER") {
      return "it does not speak TLS; is it a ws:// server?"
    }
    if error is NIOSSLExtraError { return "its TLS certificate is not for this host" }
    return "TLS failed (\(text.prefix(160)))"
  }

  private static func seconds(_ timeout: Duration) -> String {
    timeout.wholeMilliseconds % 1_000 == 0
      ? "\(timeout.wholeMilliseconds / 1_000) s" : "\(timeout.wholeMilliseconds) ms"
  }
}

/// Which end of a connection this is: the client masks its frames and the server does not (RFC 6455 §5.1), and the
/// server is the one that closes the socket (§7.1.1).
package enum WebSocketRole: Hashable, Sendable {
  case client
  case server
}

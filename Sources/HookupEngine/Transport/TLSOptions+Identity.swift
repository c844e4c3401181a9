import HookupCore
import NIOCore
import NIOSSL

extension TLSOptions {
  /// The handler that encrypts a connection, and lets nothing through before the certificate has proved to be for `host`.
  ///
  /// NIOSSL's own check takes a certificate for the address that the connection happens to lead to, whatever host was meant. That
  /// is wrong for names, and within a proxy's tunnel for addresses too; so ``ServerIdentity`` decides.
  func makeHandler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
    let name = serverName ?? host
    // A server name is never an address, and has no dot at its end (RFC 6066 §3).
    let shown =
      IPAddress(name) == nil ? (name.hasSuffix(".") ? String(name.dropLast()) : name) : nil
    guard !disablesCertificateVerification else {
      return try NIOSSLClientHandler(context: context, serverHostname: shown)
    }
    return try NIOSSLClientHandler._makeSSLClientHandler(
      context: context, serverHostname: shown
    ) { certificate, channel in
      let identity = ServerIdentity(of: certificate)
      guard identity.fits(host: name) else {
        return channel.eventLoop.makeFailedFuture(
          IdentityMismatch(description: identity.mismatch))
      }
      return channel.eventLoop.makeSucceededVoidFuture()
    }
  }
}

/// The server's certificate is trusted, and somebody else's.
struct IdentityMismatch: Error, CustomStringConvertible {
  /// A clause for "cannot connect to …:".
  var description: String
}

extension ServerIdentity {
  fileprivate init(of certificate: NIOSSLCertificate) {
    self.init(
      names: certificate._subjectAlternativeNames().compactMap { name in
        switch name.nameType {
        case .dnsName: .dns(String(decoding: name.contents, as: UTF8.self))
        case .ipAddress: .address(Array(name.contents))
        default: nil
        }
      })
  }
}

import HookupCore
import NIOSSL

/// How a client checks the server behind a `wss://` URL. TLS 1.2 or later is spoken in any case.
public struct TLSOptions: Hashable, Sendable {
  /// Whose signature makes a server's certificate trusted.
  @nonexhaustive
  public enum TrustRoots: Hashable, Sendable {
    /// The authorities that the system trusts.
    case system
    /// Only those in this file of PEM certificates.
    case file(String)
    /// Only these PEM certificates.
    case pem(String)
  }

  /// `system` by default.
  public var trustRoots: TrustRoots
  /// Takes any certificate from anybody, false by default. The connection is then encrypted, but nobody knows to whom:
  /// for tests on one's own machine only.
  public var disablesCertificateVerification: Bool

  public init(trustRoots: TrustRoots = .system, disablesCertificateVerification: Bool = false) {
    self.trustRoots = trustRoots
    self.disablesCertificateVerification = disablesCertificateVerification
  }

  /// Reads the trusted certificates: blocks on files, some milliseconds for the system's.
  /// - Throws: ``HookupError/Code/invalidArgument`` when they cannot be read.
  func makeContext() throws(HookupError) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    if disablesCertificateVerification { configuration.certificateVerification = .none }
    do {
      switch trustRoots {
      case .system: break
      case .file(let path):
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
      case .pem(let text):
        configuration.trustRoots = .certificates(
          try NIOSSLCertificate.fromPEMBytes(Array(text.utf8)))
      }
      return try NIOSSLContext(configuration: configuration)
    } catch {
      let source =
        switch trustRoots {
        case .system: "the system's trusted certificates"
        case .file(let path): "the trusted certificates in \(path)"
        case .pem: "the trusted certificates given as PEM text"
        }
      throw HookupError(.invalidArgument, "\(source) cannot be read", cause: error)
    }
  }
}

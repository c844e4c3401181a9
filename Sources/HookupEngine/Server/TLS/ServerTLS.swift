/// The certificates a server shows, and which it wants to see. TLS 1.2 and 1.3 are spoken; older versions are refused.
///
/// The files are read when the server starts and by ``HookupServer/reloadTLS()``.
public struct ServerTLS: Hashable, Sendable {
  /// A certificate and its key, for the server names the certificate is made out to.
  public struct Certificate: Hashable, Sendable {
    /// A PEM file: the server's certificate first, then the intermediate ones.
    public var certificateChainFile: String
    /// A PEM file with the certificate's private key, not encrypted.
    public var privateKeyFile: String

    public init(certificateChainFile: String, privateKeyFile: String) {
      self.certificateChainFile = certificateChainFile
      self.privateKeyFile = privateKeyFile
    }
  }

  /// A version of TLS.
  public enum Version: Hashable, Sendable, Comparable {
    case tls12
    case tls13
  }

  /// Whether clients show certificates of their own.
  @nonexhaustive
  public enum ClientCertificates: Hashable, Sendable {
    /// They are not asked.
    case none
    /// A client that shows one must have it from an authority in this PEM file; one that shows none is let in too, and
    /// ``ServerRequest/clientCertificate`` is nil.
    case optional(authoritiesFile: String)
    /// Only clients with a certificate from an authority in this PEM file are let in; the TLS handshake fails for others.
    case required(authoritiesFile: String)
  }

  /// A PEM file: the server's certificate first, then the intermediate ones.
  public var certificateChainFile: String
  /// A PEM file with the certificate's private key, not encrypted. Readable by the server's user only.
  public var privateKeyFile: String

  /// Certificates for other names. Which one a client sees follows from the name it asks for (SNI, RFC 6066 §3) and the DNS
  /// names in the certificates, `*.example.org` among them; the main certificate is for every name that fits none, and for
  /// clients that name none. Default: none.
  public var additionalCertificates: [Certificate] = []

  /// The oldest version spoken. Default 1.2; 1.3 refuses clients from before about 2018.
  public var minimumVersion = Version.tls12
  /// The newest version spoken. Default nil: the newest there is. 1.2 is for tools that cannot look into 1.3.
  public var maximumVersion: Version?

  /// Whether clients show certificates of their own. Default: they are not asked.
  public var clientCertificates = ClientCertificates.none

  public init(certificateChainFile: String, privateKeyFile: String) {
    self.certificateChainFile = certificateChainFile
    self.privateKeyFile = privateKeyFile
  }
}

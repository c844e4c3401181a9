import HookupCore
import NIOSSL

/// How a client checks the server behind a `wss://` URL, and shows who it is itself.
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

  /// A version of TLS. Older ones are not spoken.
  @nonexhaustive
  public enum Version: Int, Hashable, Sendable {
    case tls12
    case tls13
  }

  /// What the client shows to a server that asks for a certificate.
  public struct ClientCertificate: Hashable, Sendable {
    /// A PEM file with the client's certificate first, then the intermediate ones.
    public var chainFile: String
    /// A PEM file with its key, not encrypted; may be the same file.
    public var privateKeyFile: String

    public init(chainFile: String, privateKeyFile: String) {
      self.chainFile = chainFile
      self.privateKeyFile = privateKeyFile
    }
  }

  /// `system` by default.
  public var trustRoots: TrustRoots
  /// Takes any certificate from anybody, false by default. The connection is then encrypted, but nobody knows to whom:
  /// for tests on one's own machine only.
  public var disablesCertificateVerification: Bool
  /// None by default. Read with the first connection, and kept: make a new client for a new certificate.
  public var clientCertificate: ClientCertificate?
  /// The name to ask for (SNI) and to find in the server's certificate instead of the URL's host; nil, the default, for that. For
  /// servers that are reached by an address or through a Unix-domain socket.
  public var serverName: String?
  /// 1.2 by default. 1.3 keeps out servers that are not up to date.
  public var minimumVersion = Version.tls12
  /// 1.3 by default. 1.2 is for servers whose 1.3 does not work.
  public var maximumVersion = Version.tls13

  public init(trustRoots: TrustRoots = .system, disablesCertificateVerification: Bool = false) {
    self.trustRoots = trustRoots
    self.disablesCertificateVerification = disablesCertificateVerification
  }

  /// Reads the certificates: blocks on files, some milliseconds for the system's.
  /// - Throws: ``HookupError/Code/invalidArgument`` when they cannot be read, or do not fit each other.
  func makeContext() throws(HookupError) -> NIOSSLContext {
    guard minimumVersion.rawValue <= maximumVersion.rawValue else {
      throw HookupError(
        .invalidArgument, "the lowest TLS version allowed is higher than the highest")
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = minimumVersion.value
    configuration.maximumTLSVersion = maximumVersion.value
    configuration.applicationProtocols = ["http/1.1"]
    // The chain is checked by the library, the name by us: see `makeHandler`.
    configuration.certificateVerification =
      disablesCertificateVerification ? .none : .noHostnameVerification
    if let certificates = try trustedCertificates() {
      configuration.trustRoots = .certificates(certificates)
    }
    if let clientCertificate {
      configuration.certificateChain = try clientCertificate.chain().map { .certificate($0) }
      configuration.privateKey = .privateKey(try clientCertificate.privateKey())
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw HookupError(
        .invalidArgument,
        clientCertificate.map {
          "the client certificate in \($0.chainFile) and the key in \($0.privateKeyFile) do not belong together"
        } ?? "\(trustRoots.name) cannot be used", cause: error)
    }
  }

  private func trustedCertificates() throws(HookupError) -> [NIOSSLCertificate]? {
    do {
      switch trustRoots {
      case .system: return nil
      case .file(let path): return try NIOSSLCertificate.fromPEMFile(path)
      case .pem(let text): return try NIOSSLCertificate.fromPEMBytes(Array(text.utf8))
      }
    } catch {
      throw HookupError(.invalidArgument, "\(trustRoots.name) cannot be read", cause: error)
    }
  }
}

extension TLSOptions.TrustRoots {
  /// For the messages of errors.
  fileprivate var name: String {
    switch self {
    case .system: "the system's trusted certificates"
    case .file(let path): "the trusted certificates in \(path)"
    case .pem: "the trusted certificates given as PEM text"
    }
  }
}

extension TLSOptions.Version {
  fileprivate var value: TLSVersion {
    switch self {
    case .tls12: .tlsv12
    case .tls13: .tlsv13
    }
  }
}

extension TLSOptions.ClientCertificate {
  fileprivate func chain() throws(HookupError) -> [NIOSSLCertificate] {
    do {
      return try NIOSSLCertificate.fromPEMFile(chainFile)
    } catch {
      throw HookupError(
        .invalidArgument, "the client certificate in \(chainFile) cannot be read", cause: error)
    }
  }

  fileprivate func privateKey() throws(HookupError) -> NIOSSLPrivateKey {
    do {
      return try NIOSSLPrivateKey(file: privateKeyFile, format: .pem)
    } catch {
      throw HookupError(
        .invalidArgument,
        "the client certificate's key in \(privateKeyFile) cannot be read; it is to be PEM, not encrypted",
        cause: error)
    }
  }
}

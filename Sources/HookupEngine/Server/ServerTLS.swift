import NIOSSL

/// The certificate a server shows. TLS 1.2 or newer is spoken; older is refused.
public struct ServerTLS: Hashable, Sendable {
  /// A PEM file: the server's certificate first, then the intermediate ones.
  public var certificateChainFile: String
  /// A PEM file with the certificate's private key, not encrypted. Readable by the server's user only.
  public var privateKeyFile: String

  public init(certificateChainFile: String, privateKeyFile: String) {
    self.certificateChainFile = certificateChainFile
    self.privateKeyFile = privateKeyFile
  }

  /// - Throws: ``HookupError/Code/invalidArgument`` with the file that could not be used.
  func makeContext() throws(HookupError) -> NIOSSLContext {
    let chain: [NIOSSLCertificateSource]
    do {
      chain = try NIOSSLCertificate.fromPEMFile(certificateChainFile).map { .certificate($0) }
    } catch {
      throw HookupError(
        .invalidArgument,
        "the certificate chain \(certificateChainFile) cannot be read as PEM certificates: "
          + "give the file with the server's certificate first, then the intermediate ones",
        cause: error)
    }
    let key: NIOSSLPrivateKey
    do {
      key = try NIOSSLPrivateKey(file: privateKeyFile, format: .pem)
    } catch {
      throw HookupError(
        .invalidArgument,
        "the private key \(privateKeyFile) cannot be read as an unencrypted PEM key",
        cause: error)
    }
    var settings = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain, privateKey: .privateKey(key))
    settings.minimumTLSVersion = .tlsv12
    settings.applicationProtocols = ["http/1.1"]
    do {
      return try NIOSSLContext(configuration: settings)
    } catch {
      throw HookupError(
        .invalidArgument,
        "the private key \(privateKeyFile) does not belong to the certificate \(certificateChainFile)",
        cause: error)
    }
  }
}

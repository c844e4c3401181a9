import HookupCore
import NIOSSL

extension ServerTLS {
  /// Reads all files: blocks.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the file that could not be used.
  func makeContext() throws(HookupError) -> NIOSSLContext {
    let main = try Identity(
      Certificate(certificateChainFile: certificateChainFile, privateKeyFile: privateKeyFile))
    var settings = main.settings
    settings.minimumTLSVersion = minimumVersion.tlsVersion
    settings.maximumTLSVersion = maximumVersion?.tlsVersion
    settings.applicationProtocols = ["http/1.1"]
    try clientCertificates.apply(to: &settings)
    var identities = [main]
    for certificate in additionalCertificates {
      let identity = try Identity(certificate)
      // Only for the check that key and certificate belong together.
      _ = try identity.context(identity.settings)
      identities.append(identity)
    }
    if identities.count > 1 {
      let table = ServerNameTable(identities.map(\.names))
      settings.sslContextCallback = { [identities] hello, promise in
        let index = hello.serverHostname.map(table.index(for:)) ?? 0
        promise.succeed(index == 0 ? .noChanges : identities[index].override)
      }
    }
    return try main.context(settings)
  }
}

/// A certificate chain and its key, read.
private struct Identity: Sendable {
  let files: ServerTLS.Certificate
  let chain: [NIOSSLCertificateSource]
  let key: NIOSSLPrivateKey
  /// The DNS names of the first certificate.
  let names: [String]

  init(_ files: ServerTLS.Certificate) throws(HookupError) {
    self.files = files
    let certificates: [NIOSSLCertificate]
    do {
      certificates = try NIOSSLCertificate.fromPEMFile(files.certificateChainFile)
    } catch {
      throw HookupError(
        .invalidArgument,
        "the certificate chain \(files.certificateChainFile) cannot be read as PEM certificates: "
          + "give the file with the server's certificate first, then the intermediate ones",
        cause: error)
    }
    do {
      key = try NIOSSLPrivateKey(file: files.privateKeyFile, format: .pem)
    } catch {
      throw HookupError(
        .invalidArgument,
        "the private key \(files.privateKeyFile) cannot be read as an unencrypted PEM key",
        cause: error)
    }
    chain = certificates.map { .certificate($0) }
    names =
      certificates.first.flatMap { try? $0.toDERBytes() }.flatMap(ClientCertificate.init(der:))?
      .alternativeNames.compactMap { if case .dns(let name) = $0 { name } else { nil } } ?? []
  }

  var settings: TLSConfiguration {
    TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
  }

  var override: NIOSSLContextConfigurationOverride {
    var override = NIOSSLContextConfigurationOverride()
    override.certificateChain = chain
    override.privateKey = .privateKey(key)
    return override
  }

  func context(_ settings: TLSConfiguration) throws(HookupError) -> NIOSSLContext {
    do {
      return try NIOSSLContext(configuration: settings)
    } catch {
      throw HookupError(
        .invalidArgument,
        "the private key \(files.privateKeyFile) does not belong to the certificate "
          + files.certificateChainFile,
        cause: error)
    }
  }
}

extension ServerTLS.Version {
  fileprivate var tlsVersion: TLSVersion {
    switch self {
    case .tls12: .tlsv12
    case .tls13: .tlsv13
    }
  }
}

extension ServerTLS.ClientCertificates {
  fileprivate func apply(to settings: inout TLSConfiguration) throws(HookupError) {
    let file: String
    switch self {
    case .none: return
    case .optional(let authorities):
      settings.certificateVerification = .optionalVerification
      file = authorities
    case .required(let authorities):
      // There is no name to check: the authority vouches for the client.
      settings.certificateVerification = .noHostnameVerification
      file = authorities
    }
    do {
      settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
    } catch {
      throw HookupError(
        .invalidArgument,
        "the authorities for clients in \(file) cannot be read as PEM certificates", cause: error)
    }
  }
}

import Glibc
import HookupCore
import NIOCore
import NIOSSL
import NIOTLS

@testable import HookupEngine

/// An authority of its own for one test, and the certificates it issues, made by the `openssl` command. Its files go
/// with it.
final class CertificateAuthority: Sendable {
  /// A certificate with its key.
  struct Issued: Sendable {
    let authority: CertificateAuthority
    let chainFile: String
    let keyFile: String
  }

  let directory: String
  /// Its own certificate.
  var file: String { directory + "/ca.pem" }

  init() throws {
    directory = "/tmp/hookup-authority-\(UInt64.random(in: 0 ... .max))"
    mkdir(directory, 0o700)
    try openssl(
      ["req", "-x509"] + Self.newKey + [
        "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=Test authority",
      ])
  }

  deinit {
    let files = SystemFiles()
    for name in (try? files.names(in: directory)) ?? [] where name != "." && name != ".." {
      unlink(directory + "/" + name)
    }
    rmdir(directory)
  }

  /// - Parameters:
  ///   - names: as `subjectAltName` has them, `DNS:localhost,IP:127.0.0.1`; empty for none.
  ///   - days: until it expires; -1 for one that has.
  ///   - isSelfSigned: signed by itself instead of the authority.
  func issue(
    _ names: String, name: String = "leaf", days: Int = 30, isSelfSigned: Bool = false
  ) throws -> Issued {
    let file = "\(name)-\(UInt32.random(in: 0 ... .max))"
    let extensions =
      "basicConstraints=critical,CA:FALSE\n" + (names.isEmpty ? "" : "subjectAltName=\(names)\n")
    try write(extensions, to: "\(file).ext")
    try openssl(
      ["req"] + Self.newKey + [
        "-keyout", "\(file).key", "-out", "\(file).csr", "-subj", "/CN=\(name)",
      ])
    let signer =
      isSelfSigned
      ? ["-signkey", "\(file).key"] : ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
    try openssl(
      ["x509", "-req", "-in", "\(file).csr", "-days", "\(days)", "-extfile", "\(file).ext"] + signer
        + ["-out", "\(file).pem"])
    return Issued(
      authority: self, chainFile: "\(directory)/\(file).pem", keyFile: "\(directory)/\(file).key")
  }

  private static let newKey = [
    "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
  ]

  private func write(_ text: String, to name: String) throws {
    guard let file = fopen("\(directory)/\(name)", "w") else {
      throw HookupError(.storage, "\(directory)/\(name) cannot be written")
    }
    fputs(text, file)
    fclose(file)
  }

  private func openssl(_ arguments: [String]) throws {
    let words = [
      "sh", "-c", "cd \"$0\" && exec openssl \"$@\" >/dev/null 2>openssl.log", directory,
    ]
    var strings: [UnsafeMutablePointer<CChar>?] = (words + arguments).map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    var child = pid_t()
    var status: Int32 = -1
    guard posix_spawnp(&child, "sh", nil, nil, &strings, environ) == 0,
      waitpid(child, &status, 0) == child, status == 0
    else {
      throw HookupError(
        .storage, "openssl \(arguments.joined(separator: " ")) failed in \(directory)")
    }
  }
}

extension CertificateAuthority.Issued {
  /// A WebSocket server on loopback with this certificate.
  /// - Parameter names: gets the name that each client asks for, nil for none.
  func server(
    names: Mailbox<String?>? = nil, minimum: TLSVersion = .tlsv12, maximum: TLSVersion? = nil,
    demandsClientCertificate: Bool = false, socketPath: String? = nil
  ) async throws -> ScriptedServer {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(chainFile).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem)))
    configuration.minimumTLSVersion = minimum
    configuration.maximumTLSVersion = maximum
    if demandsClientCertificate {
      configuration.certificateVerification = .noHostnameVerification
      configuration.trustRoots = .file(authority.file)
    }
    let context = try NIOSSLContext(configuration: configuration)
    return try await ScriptedServer.start(
      socketPath: socketPath,
      childInitializer: { channel in
        let pipeline = channel.pipeline.syncOperations
        if let names {
          let box = NIOLoopBoundBox<ByteToMessageHandler<SNIHandler>?>(
            nil, eventLoop: channel.eventLoop)
          let handler = ByteToMessageHandler(
            SNIHandler { result in
              if case .hostname(let name) = result { names.put(name) } else { names.put(nil) }
              return channel.eventLoop.makeCompletedFuture {
                guard let handler = box.value else { return }
                try channel.pipeline.syncOperations.addHandler(
                  NIOSSLServerHandler(context: context), position: .after(handler))
              }
            })
          box.value = handler
          try pipeline.addHandler(handler)
        } else {
          try pipeline.addHandler(NIOSSLServerHandler(context: context))
        }
      },
      answer: { _ in .webSocket })
  }
}

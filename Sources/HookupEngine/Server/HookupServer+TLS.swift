import HookupCore
import NIOPosix

extension HookupServer {
  /// Reads the certificates, keys and authorities of ``ServerConfiguration/tls`` again. Connections made from then on get the
  /// new ones; those that are open go on undisturbed. From any task, at any time while it serves.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the file that cannot be used, or when the server has no TLS. The
  ///   certificates stay as they were.
  public func reloadTLS() async throws(HookupError) {
    guard let settings = configuration.tls else {
      throw HookupError(.invalidArgument, "this server has no TLS, so there is nothing to reload")
    }
    let reading = tls.beginReading()
    let result: Result<Void, any Error>
    do {
      // Files block.
      try await NIOThreadPool.singleton.runIfActive { [tls] in
        tls.set(try settings.makeContext(), reading: reading)
      }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    switch result {
    case .success: logger.notice("certificates reloaded")
    case .failure(let error as HookupError): throw error
    case .failure(let error):
      throw HookupError(.closed, "the process ends: certificates are not read", cause: error)
    }
  }
}

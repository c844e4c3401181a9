import HookupCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension ProxyEnvironment {
  /// What this process's environment says now.
  static func ofProcess() -> ProxyEnvironment {
    var variables: [String: String] = [:]
    for name in names {
      if let value = getenv(name) { variables[name] = String(cString: value) }
    }
    return ProxyEnvironment(variables)
  }
}

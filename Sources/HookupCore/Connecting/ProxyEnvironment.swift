/// What a process's environment says about proxies, and which one that makes for a URL.
///
/// | variable | for |
/// |---|---|
/// | `http_proxy` | `ws://` |
/// | `https_proxy` | `wss://` |
/// | `all_proxy` | both, where the first two are not set; only if it names an HTTP proxy |
/// | `no_proxy` | what is reached directly, see ``ProxyBypassList`` |
///
/// Lower case wins over upper case. `HTTP_PROXY` in upper case is ignored where `REQUEST_METHOD` is set: there it may be
/// a header of somebody's request (CVE-2016-5385). Empty counts as not set. This machine itself is never
/// reached through a proxy of the environment.
package struct ProxyEnvironment: Hashable, Sendable {
  /// The names whose values matter.
  package static let names = [
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
    "NO_PROXY", "REQUEST_METHOD",
  ]

  private let http: Setting?
  private let https: Setting?
  private let all: Setting?
  private let bypass: ProxyBypassList

  private struct Setting: Hashable, Sendable {
    var name: String
    var value: String
  }

  package init(_ variables: [String: String] = [:]) {
    let isRequest = variables["REQUEST_METHOD"] != nil
    let setting = { (name: String, takesUpperCase: Bool) -> Setting? in
      for name in takesUpperCase ? [name, name.uppercased()] : [name] {
        if let value = variables[name], !value.isEmpty { return Setting(name: name, value: value) }
      }
      return nil
    }
    http = setting("http_proxy", !isRequest)
    https = setting("https_proxy", true)
    all = setting("all_proxy", true)
    bypass = ProxyBypassList(setting("no_proxy", true)?.value ?? "")
  }

  /// The proxy for `url`; nil for none.
  /// - Throws: ``HookupError/Code/invalidArgument`` for a variable that names no usable proxy. Its value is not shown.
  package func proxy(for url: WebSocketURL) throws(HookupError) -> HTTPProxy? {
    guard url.socketPath == nil, !Self.isThisMachine(url.host) else { return nil }
    guard !bypass.contains(host: url.host, port: url.port) else { return nil }
    if let setting = url.isSecure ? https : http { return try Self.parse(setting) }
    guard let all, Self.isHTTP(all.value) else { return nil }
    return try Self.parse(all)
  }

  private static func isThisMachine(_ host: String) -> Bool {
    host == "localhost" || host.hasSuffix(".localhost") || IPAddress(host)?.isLoopback == true
  }

  private static func isHTTP(_ value: String) -> Bool {
    guard let scheme = scheme(of: value) else { return true }
    return scheme.lowercased() == "http"
  }

  private static func scheme(of value: String) -> Substring? {
    let scheme = value.prefix { $0 != ":" }
    return value.dropFirst(scheme.count).hasPrefix("://") ? scheme : nil
  }

  /// `http://user:password@host:port/`, where scheme, user, port (80) and path may be missing.
  private static func parse(_ setting: Setting) throws(HookupError) -> HTTPProxy {
    guard isHTTP(setting.value) else {
      throw HookupError(
        .invalidArgument,
        "the environment's \(setting.name) does not name an http:// proxy, the only kind that is "
          + "spoken: change it, add the server to no_proxy, or set the client's proxy")
    }
    let rest = scheme(of: setting.value).map { setting.value.dropFirst($0.count + 3) }
    do throws(HookupError) {
      let url = try WebSocketURL("ws://" + (rest ?? setting.value[...]))
      return HTTPProxy(host: url.host, port: url.port, credentials: url.credentials)
    } catch {
      throw HookupError(
        .invalidArgument,
        "the environment's \(setting.name) is no proxy: it is to be http://host:port")
    }
  }
}

/// Which certificate is for which server name.
struct ServerNameTable: Sendable {
  private var exact: [String: Int] = [:]
  /// By what stands behind `*.`.
  private var wildcards: [String: Int] = [:]

  /// - Parameter names: for each certificate, the main one first, the DNS names it is made out to. Where two certificates
  ///   have the same name the first is taken.
  init(_ names: [[String]]) {
    for (index, names) in names.enumerated() {
      for name in names {
        let name = Self.normalised(name)
        if name.hasPrefix("*.") {
          let parent = String(name.dropFirst(2))
          wildcards[parent] = wildcards[parent] ?? index
        } else {
          exact[name] = exact[name] ?? index
        }
      }
    }
  }

  /// The certificate for a name that a client asks for; 0, the main one, for an unknown name. An exact name wins over a
  /// wildcard, which stands for one label (RFC 6125 §6.4.3).
  func index(for name: String) -> Int {
    let name = Self.normalised(name)
    if let index = exact[name] { return index }
    guard let dot = name.firstIndex(of: "."), dot > name.startIndex else { return 0 }
    return wildcards[String(name[name.index(after: dot)...])] ?? 0
  }

  private static func normalised(_ name: String) -> String {
    let lower = String(decoding: name.utf8.map(lowercased), as: UTF8.self)
    return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
  }
}

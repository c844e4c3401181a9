import HookupEngine

enum EmbeddedServer {
  static func run(for url: String, _ body: @escaping @Sendable (String) async throws -> Void)
    async throws
  {
    try await body(url)
  }
}

import Testing

@testable import HookupCore

@Suite struct PerMessageDeflateParametersTests {
  /// What stands behind the name, and how it is written again.
  @Test(arguments: [
    ("", ""), ("; server_no_context_takeover", "; server_no_context_takeover"),
    ("; client_no_context_takeover", "; client_no_context_takeover"),
    ("; client_max_window_bits", "; client_max_window_bits"),
    ("; client_max_window_bits=\"8\"", "; client_max_window_bits=8"),
    ("; server_max_window_bits=15", "; server_max_window_bits=15"),
    (
      "; client_max_window_bits=9; server_max_window_bits=10; client_no_context_takeover",
      "; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9"
    ),
  ])
  func `known parameters are read and written`(text: String, written: String) {
    #expect(parameters(text)?.header == "permessage-deflate" + written)
  }

  @Test(arguments: [
    "; x", "; server_no_context_takeover=1", "; client_no_context_takeover=true",
    "; server_max_window_bits", "; server_max_window_bits=7", "; server_max_window_bits=16",
    "; server_max_window_bits=08", "; server_max_window_bits=+9", "; server_max_window_bits=x",
    "; client_max_window_bits=0", "; client_max_window_bits=99999999999999999999",
    "; server_no_context_takeover; server_no_context_takeover",
    "; client_max_window_bits; client_max_window_bits=9", "; Server_no_context_takeover",
  ])
  func `unknown, doubled and invalid ones are not`(text: String) {
    #expect(parameters(text) == nil)
  }

  private func parameters(_ text: String) -> PerMessageDeflate.Parameters? {
    WebSocketExtension.parse(["permessage-deflate" + text])?.first.flatMap {
      PerMessageDeflate.Parameters($0.parameters)
    }
  }
}

import Testing

@testable import HookupCore

@Suite struct PerMessageDeflateNegotiationTests {
  private static let all: CompressionSettings = {
    var settings = CompressionSettings()
    settings.windowBits = 15
    return settings
  }()
  private static let little: CompressionSettings = {
    var settings = CompressionSettings()
    settings.windowBits = 10
    settings.keepsContext = false
    return settings
  }()

  /// An offer, and what a server that limits nothing and one that wants little answer behind the name; nil: they decline.
  @Test(
    arguments: [
      (
        "permessage-deflate", "",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
      ),
      (
        "permessage-deflate; client_max_window_bits", "",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
          + "; client_max_window_bits=10"
      ),
      (
        "permessage-deflate; client_max_window_bits=9", "; client_max_window_bits=9",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
          + "; client_max_window_bits=9"
      ),
      (
        "permessage-deflate; server_no_context_takeover", "; server_no_context_takeover",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
      ),
      (
        "permessage-deflate; client_no_context_takeover", "; client_no_context_takeover",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
      ),
      (
        "permessage-deflate; server_max_window_bits=15", "; server_max_window_bits=15",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
      ),
      (
        "permessage-deflate; server_max_window_bits=9", "; server_max_window_bits=9",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9"
      ),
      (
        "permessage-deflate; server_max_window_bits=8, permessage-deflate", "",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
      ),
      (
        // RFC 7692 §7.1.3: the second offer is for servers that cannot take the first.
        "permessage-deflate; client_max_window_bits; server_max_window_bits=10, "
          + "permessage-deflate; client_max_window_bits", "; server_max_window_bits=10",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
          + "; client_max_window_bits=10"
      ),
      (
        "x-other, permessage-deflate; unknown, permessage-deflate; server_max_window_bits=11",
        "; server_max_window_bits=11",
        "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"
      ),
      ("permessage-deflate; server_max_window_bits=8", nil, nil),
      ("permessage-deflate; server_max_window_bits", nil, nil),
      ("permessage-deflate; client_max_window_bits; client_max_window_bits", nil, nil),
      ("x-webkit-deflate-frame", nil, nil), ("", nil, nil),
    ] as [(String, String?, String?)])
  func `a server takes the first offer it can`(
    offer: String, answer: String?, littleAnswer: String?
  ) throws {
    let offers = try #require(WebSocketExtension.parse([offer]))
    let name = "permessage-deflate"
    #expect(
      PerMessageDeflate.accept(offers, settings: Self.all)?.header == answer.map { name + $0 })
    #expect(
      PerMessageDeflate.accept(offers, settings: Self.little)?.header
        == littleAnswer.map { name + $0 })
  }

  @Test func `what a server agreed on is what it answered`() throws {
    let offers = try #require(
      WebSocketExtension.parse(["permessage-deflate; client_max_window_bits=8"]))
    #expect(
      PerMessageDeflate.accept(offers, settings: Self.all)?.agreed
        == PerMessageDeflate(clientWindowBits: 8, settings: Self.all))
    #expect(
      PerMessageDeflate.accept(offers, settings: Self.little)?.agreed
        == PerMessageDeflate(
          serverKeepsContext: false, clientKeepsContext: false, serverWindowBits: 10,
          clientWindowBits: 8, settings: Self.little))
  }

  @Test func `a client offers what it wants, and little for servers that know little`() {
    #expect(
      PerMessageDeflate.offerHeader(Self.all) == "permessage-deflate; client_max_window_bits")
    #expect(
      PerMessageDeflate.offerHeader(Self.little)
        == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        + "server_max_window_bits=10; client_max_window_bits=10, "
        + "permessage-deflate; client_max_window_bits")
  }

  /// An answer to the client that wants little, and what is agreed on: contexts and windows of server and client.
  @Test(
    arguments: [
      ("", true, true, 15, 15), ("; client_no_context_takeover", true, false, 15, 15),
      ("; server_no_context_takeover", false, true, 15, 15),
      ("; server_max_window_bits=8", true, true, 8, 15),
      ("; client_max_window_bits=8", true, true, 15, 8),
      (
        "; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=15", false,
        true, 9, 15
      ),
    ] as [(String, Bool, Bool, Int, Int)])
  func `a client agrees to what fits one of its offers`(
    answer: String, serverContext: Bool, clientContext: Bool, serverBits: Int, clientBits: Int
  ) throws {
    for settings in [Self.all, Self.little] {
      let agreed = try PerMessageDeflate.agree(
        on: ["permessage-deflate" + answer], settings: settings)
      #expect(
        agreed
          == PerMessageDeflate(
            serverKeepsContext: serverContext,
            clientKeepsContext: clientContext && settings.keepsContext,
            serverWindowBits: serverBits, clientWindowBits: clientBits, settings: settings))
    }
  }

  @Test(
    arguments: [
      (["x"], "not offered"), (["permessage-deflate, x"], "not offered"),
      (["permessage-deflate", "permessage-deflate"], "twice"),
      (["permessage-deflate; x"], "unknown"), (["permessage-deflate;"], "malformed"),
      (["permessage-deflate; client_max_window_bits"], "do not fit"),
      (["permessage-deflate; server_max_window_bits"], "invalid"),
      (["permessage-deflate; server_max_window_bits=7"], "invalid"),
      (["permessage-deflate; client_max_window_bits=16"], "invalid"),
      (
        ["permessage-deflate; client_no_context_takeover; client_no_context_takeover"],
        "doubled"
      ),
    ] as [([String], String)])
  func `any other answer is refused`(fields: [String], problem: String) {
    let error = #expect(throws: PerMessageDeflate.AnswerError.self) {
      try PerMessageDeflate.agree(on: fields, settings: Self.little)
    }
    #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
  }

  @Test func `a client that offered nothing agrees to nothing`() throws {
    #expect(try PerMessageDeflate.agree(on: [], settings: nil) == nil)
    #expect(try PerMessageDeflate.agree(on: [], settings: Self.all) == nil)
    #expect(throws: PerMessageDeflate.AnswerError("chose an extension that was not offered")) {
      try PerMessageDeflate.agree(on: ["permessage-deflate"], settings: nil)
    }
  }

  @Test func `what our server answers fits what our client offers, whatever both want`() throws {
    for clientBits in 9...15 {
      for serverBits in 9...15 {
        for keeps in 0..<4 {
          var client = CompressionSettings()
          (client.windowBits, client.keepsContext) = (clientBits, keeps & 1 == 0)
          var server = CompressionSettings()
          (server.windowBits, server.keepsContext) = (serverBits, keeps & 2 == 0)
          let offers = try #require(
            WebSocketExtension.parse([PerMessageDeflate.offerHeader(client)]))
          let (accepted, header) = try #require(
            PerMessageDeflate.accept(offers, settings: server))
          var agreed = try #require(try PerMessageDeflate.agree(on: [header], settings: client))
          #expect(agreed.serverWindowBits == min(clientBits, serverBits))
          #expect(agreed.clientWindowBits == min(clientBits, serverBits))
          #expect(agreed.serverKeepsContext == (keeps == 0))
          agreed.settings = server
          #expect(agreed == accepted)
        }
      }
    }
  }
}

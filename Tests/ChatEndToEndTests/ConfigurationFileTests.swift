import HookupConfiguration
import HookupEngine
import Testing

@testable import hookup_chat_server

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct ConfigurationFileTests {
  private func applied(_ text: String) throws(HookupError) -> ServerSettings {
    var settings = ServerSettings()
    try ConfigurationFile.apply(text, path: "chat.toml", to: &settings)
    return settings
  }

  @Test(arguments: ["accounts.operators", "accounts.reserved-nicks"])
  func `a nick that nobody can have is an error, not one operator less`(_ key: String) throws {
    #expect(try applied("\(key) = [\"Anna\", \"bob\"]").given[key] != nil)
    for wrong in ["[\"anna\", \"b b\"]", "[\"anna\", 7]", "[\"\"]", "\"anna\""] {
      let error = #expect(throws: HookupError.self) { try applied("\(key) = \(wrong)") }
      #expect(error?.message.contains("'\(key)' must be a list of nicks") == true, "\(wrong)")
    }
  }

  @Test func `what the file says is taken, the rest stays`() throws {
    let settings = try applied(
      """
      host = "::1"
      port = 0
      data = "/srv/chat"
      log-level = "debug"
      hello-timeout = 5

      [limits]
      connections = 7
      text-bytes = 100
      rooms = 3
      [tls]
      certificate-chain = "c.pem"
      private-key = "k.pem"
      """)
    #expect(settings.chat.server.host == "::1" && settings.chat.server.port == 0)
    #expect(settings.data == "/srv/chat" && settings.logLevel == .debug)
    #expect(settings.chat.helloTimeout == .seconds(5))
    #expect(settings.chat.server.limits.maximumConnections == 7)
    #expect(settings.chat.limits.textBytes == 100)
    #expect(settings.store.maximumRooms == 3 && settings.chat.maximumOpenRooms == 3)
    #expect(
      settings.chat.server.tls
        == ServerTLS(certificateChainFile: "c.pem", privateKeyFile: "k.pem"))
    #expect(settings.chat.limits.topicBytes == ChatLimits().topicBytes)
  }

  @Test func `who may connect, where and by which TLS is taken`() throws {
    let settings = try applied(
      """
      unix-socket = "/run/chat.sock"
      unix-socket-mode = "0660"
      allowed-origins = ["https://a.example", "same-host"]
      allowed-hosts = ["a.example"]
      [tls]
      minimum-version = "1.3"
      client-authorities = "ca.pem"
      private-key = "k.pem"
      certificate-chain = "c.pem"
      """)
    let server = settings.chat.server
    #expect(server.unixSocketPath == "/run/chat.sock" && server.unixSocketMode == 0o660)
    #expect(server.allowedOrigins == .list(["https://a.example", "same-host"]))
    #expect(server.allowedHosts == ["a.example"])
    var tls = ServerTLS(certificateChainFile: "c.pem", privateKeyFile: "k.pem")
    tls.minimumVersion = .tls13
    tls.clientCertificates = .required(authoritiesFile: "ca.pem")
    #expect(server.tls == tls)
  }

  @Test func `what stands in front of the server, and how it is restarted, is taken`() throws {
    let settings = try applied(
      """
      trusted-proxies = ["127.0.0.1", "fd00::/8", "unix"]
      proxy-protocol = true
      drain-window = 600
      restart-time = 0
      """)
    let server = settings.chat.server
    #expect(server.trustedProxies == ["127.0.0.1", "fd00::/8", "unix"])
    #expect(server.usesProxyProtocol)
    #expect(server.drainWindow == .seconds(600))
    #expect(server.restartTime == .zero)
    try settings.chat.check()
  }

  @Test func `an empty file changes nothing`() throws {
    #expect(try applied("").chat.limits == ChatLimits())
  }

  @Test(arguments: [
    ("prot = 1", "there is no setting 'prot'; the nearest is 'port'"),
    ("[limits]\nroom = 1", "there is no setting 'limits.room'; the nearest is 'limits.rooms'"),
    ("[limit]\nrooms = 1", "there is no setting 'limit.rooms'; the nearest is 'limits.rooms'"),
    ("port = \"80\"", "'port' must be a whole number from 0 to 65535"),
    ("port = 80.5", "'port' must be a whole number from 0 to 65535"),
    ("port = 70000", "'port' must be a whole number from 0 to 65535"),
    ("host = 7", "'host' must be text in quotes, not empty"),
    ("host = \"\"", "'host' must be text in quotes, not empty"),
    ("[port]\nx = 1", "'port' must be a whole number from 0 to 65535"),
    ("log-level = \"loud\"", "'log-level' must be one of trace, debug"),
    ("[tls]\nprivate-key = \"k\"", "go together"),
    ("[tls]\nclient-authorities = \"k\"", "nothing of 'tls' goes without them"),
    ("[tls]\nminimum-version = 1.2", "'tls.minimum-version' must be \"1.2\" or \"1.3\""),
    ("allowed-origins = \"*\"", "'allowed-origins' must be a list of texts"),
    ("allowed-hosts = [7]", "'allowed-hosts' must be a list of texts"),
    ("unix-socket-mode = \"1777\"", "'unix-socket-mode' must be permissions as octal digits"),
    ("unix-socket-mode = 600", "'unix-socket-mode' must be permissions as octal digits"),
    ("port = ", "chat.toml:1:"),
    ("port = 1\nport = 2", "this is not TOML"),
  ])
  func `what is wrong is named, and so is the way out`(text: String, sentence: String) {
    let refusal = #expect(throws: HookupError.self) { try applied(text) }
    #expect(refusal?.code == .invalidArgument)
    #expect(refusal?.message.contains(sentence) == true, "\(refusal?.message ?? "")")
    #expect(refusal?.message.hasPrefix("chat.toml") == true)
  }

  /// The sample shows every default: taken literally it changes nothing but what has no default.
  @Test func `the sample file is right in every line`() throws {
    let sample = ConfigurationFile.sample
    #expect(try applied(sample).chat.limits == ChatLimits())
    // A comment that begins without a space is a setting.
    let active = sample.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
    }
    let settings = try applied(active.joined(separator: "\n"))
    let standard = ServerSettings()
    #expect(settings.chat.limits == standard.chat.limits)
    #expect(settings.store == standard.store)
    #expect(settings.chat.server.port == standard.chat.server.port)
    #expect(settings.chat.server.host == standard.chat.server.host)
    #expect(settings.chat.server.pingPath == standard.chat.server.pingPath)
    #expect(settings.chat.server.allowedOrigins == standard.chat.server.allowedOrigins)
    #expect(settings.chat.server.unixSocketMode == standard.chat.server.unixSocketMode)
    #expect(settings.chat.server.tls?.minimumVersion == .tls12)
    #expect(settings.chat.helloTimeout == standard.chat.helloTimeout)
    #expect(settings.chat.presenceMembers == standard.chat.presenceMembers)
    #expect(
      settings.chat.server.limits.maximumConnections
        == standard.chat.server.limits.maximumConnections)
    #expect(
      settings.chat.server.limits.maximumMessageBytes
        == standard.chat.server.limits.maximumMessageBytes)
  }

  @Test(
    arguments: [
      (["XDG_DATA_HOME": "/x", "HOME": "/h"], "/x/hookup"),
      (["XDG_DATA_HOME": "relative", "HOME": "/h"], "/h/.local/share/hookup"),
      (["HOME": "/h"], "/h/.local/share/hookup"),
    ] as [([String: String], String)])
  func `data has a standard place`(environment: [String: String], directory: String) throws {
    #expect(try DataDirectory.standard(environment) == directory)
  }

  @Test func `without a home the standard place is a question`() {
    let refusal = #expect(throws: HookupError.self) { try DataDirectory.standard([:]) }
    #expect(refusal?.message.contains("--data") == true)
  }

  @Test(arguments: [
    ("", "", 0), ("port", "prot", 2), ("rooms", "room", 1), ("", "abc", 3),
    ("kitten", "sitting", 3),
  ])
  func `distances count edits`(left: String, right: String, distance: Int) {
    #expect(SettingNames.distance(left, right) == distance)
  }
}

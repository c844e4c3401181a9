import Foundation
import HookupCore
import Testing

@testable import hookup_chat

@Suite struct ChatSettingsTests {
  private func settings(
    _ file: String?, profile: String? = nil, _ environment: [String: String] = [:]
  ) throws -> ChatSettings {
    try ChatSettings(file: file, path: "chat.toml", profile: profile, environment: environment)
  }

  private func fault(
    _ file: String?, profile: String? = nil, _ environment: [String: String] = [:]
  ) -> String {
    do {
      _ = try settings(file, profile: profile, environment)
      return ""
    } catch {
      return (error as? HookupError)?.message ?? "\(error)"
    }
  }

  @Test func `without a file there are defaults`() throws {
    let settings = try settings(nil)
    #expect(settings.url == "ws://127.0.0.1:8127/" && settings.nick == nil && settings.bell)
  }

  /// The sample is what `--init` writes: it changes nothing, and names every setting.
  @Test func `the sample is right, and holds every setting with its default`() throws {
    let sample = ChatSettings.sample
    #expect(
      try settings(sample).url
        == ChatSettings(file: nil, path: "", profile: nil, environment: [:]).url)
    let bare = sample.split(separator: "\n").map { line in
      line.hasPrefix("# ") && line.contains(" = ") || line.hasPrefix("# [")
        ? String(line.dropFirst(2)) : ""
    }
    for key in ChatSettings.all.known.keys {
      #expect(bare.contains { $0.hasPrefix(key + " = ") }, "\(key)")
    }
    // Uncommented, it is a file that works; only the sentences are left out.
    let lines = bare.filter {
      $0.hasPrefix("[") || $0.prefix { $0 != " " }.allSatisfy { $0.isLowercase || $0 == "-" }
    }
    let read = try settings(lines.joined(separator: "\n"), profile: "work")
    let ops = try RoomName("ops")
    #expect(read.url == "wss://chat.example/" && read.room == ops)
  }

  @Test func `a profile wins over the file, a variable over the profile`() throws {
    let file = """
      url = "ws://file/"
      nick = "filenick"
      mouse = true
      default-profile = "one"
      [profile.one]
      url = "ws://one/"
      [profile.two]
      url = "ws://two/"
      nick = "twonick"
      password-command = ["pass", "show two"]
      """
    #expect(try settings(file).url == "ws://one/")
    #expect(try settings(file).nick?.text == "filenick")
    let two = try settings(file, profile: "two")
    #expect(two.url == "ws://two/" && two.nick?.text == "twonick" && two.mouse)
    #expect(two.passwordCommand == ["pass", "show two"])
    let variables = [
      "HOOKUP_CHAT_URL": "ws://env/", "HOOKUP_CHAT_MOUSE": "false",
      "HOOKUP_CHAT_NOTIFY": "osc9,command", "HOOKUP_LONG": "1",
    ]
    let read = try settings(file, profile: "two", variables)
    #expect(read.url == "ws://env/" && !read.mouse && read.notify == ["osc9", "command"])
    #expect(try settings(file, ["HOOKUP_CHAT_PROFILE": "two"]).url == "ws://two/")
  }

  private func settings(_ file: String, _ environment: [String: String]) throws -> ChatSettings {
    try settings(file, profile: nil, environment)
  }

  @Test func `what is wrong is named with its place and the way out`() {
    #expect(fault("urll = 1") == "chat.toml: there is no setting 'urll'; the nearest is 'url'")
    #expect(fault("x = [").hasPrefix("chat.toml:1:"))
    #expect(fault("mouse = \"yes\"") == "chat.toml: 'mouse' must be true or false")
    #expect(fault("nick = \"a b\"").contains("'nick' must be a nick"))
    #expect(fault("color = \"1000\"").contains("\"auto\", \"256\", \"16\" or \"mono\""))
    #expect(fault("hidden-panes = [\"foo\"]").contains("\"link\", \"acks\""))
    #expect(fault("[profile.a]\nmouse = true").contains("'profile.a.mouse'"))
    #expect(fault("[profile.a]\nurl = 1").contains("'profile.a.url' must be text"))
    #expect(fault("profile = 1").contains("'profile'"))
    #expect(fault("[profile]\na = 1").contains("'profile.a' must be a table"))
    #expect(fault("[profile.a]\n[profile.b]", profile: "c").contains("there are a, b"))
    #expect(fault(nil, ["HOOKUP_CHAT_ULR": "x"]).contains("the nearest is HOOKUP_CHAT_URL"))
    #expect(
      fault(nil, ["HOOKUP_CHAT_MOUSE": "maybe"]).contains("HOOKUP_CHAT_MOUSE must be true or false")
    )
  }

  private func fault(_ file: String?, _ environment: [String: String]) -> String {
    fault(file, profile: nil, environment)
  }

  @Test func `a password comes from a program or from a file that others cannot read`() throws {
    let home = try TemporaryHome()
    let path = home.path + "/password"
    try "correct horse\nsecond line\n".write(toFile: path, atomically: true, encoding: .utf8)
    chmod(path, 0o644)
    var settings = try settings(nil)
    #expect(try PasswordSource.password(settings) == nil)
    settings.passwordFile = path
    #expect { try PasswordSource.password(settings) } throws: { "\($0)".contains("chmod 600") }
    chmod(path, 0o600)
    #expect(try PasswordSource.password(settings) == "correct horse")
    settings.passwordFile = nil
    settings.passwordCommand = ["/bin/sh", "-c", "echo \"$0 battery\"", "staple; exit 9"]
    #expect(try PasswordSource.password(settings) == "staple; exit 9 battery")
    settings.passwordCommand = ["/bin/sh", "-c", "exit 3"]
    #expect { try PasswordSource.password(settings) } throws: { "\($0)".contains("failed") }
    settings.passwordCommand = ["/bin/echo"]
    #expect { try PasswordSource.password(settings) } throws: {
      "\($0)".contains("gives no password")
    }
    settings.passwordCommand = ["/nonexistent"]
    #expect { try PasswordSource.password(settings) } throws: { "\($0)".contains("cannot run") }
    settings.passwordCommand = ["/bin/sh", "-c", "yes"]
    #expect { try PasswordSource.password(settings) } throws: { "\($0)".contains("printed more") }
  }
}

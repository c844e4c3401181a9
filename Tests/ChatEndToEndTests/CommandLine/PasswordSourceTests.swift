import Foundation
import HookupCore
import Testing

@testable import hookup_chat

@Suite struct PasswordSourceTests {
  @Test func `a device that is logged in asks nobody for the password`() throws {
    let home = try TemporaryHome()
    var settings = try ChatSettings(file: nil, path: "", profile: nil, environment: [:])
    settings.nick = try Nick("Alice")
    settings.data = home.path
    settings.passwordCommand = ["/bin/echo", "secret"]
    let options = ResolvedOptions(settings: settings)
    #expect(try options.clientConfiguration().password == "secret")
    let token = home.path + "/token"
    try "0123 bob\n".write(toFile: token, atomically: true, encoding: .utf8)
    #expect(try options.clientConfiguration().password == "secret")
    try "0123 alice\n".write(toFile: token, atomically: true, encoding: .utf8)
    #expect(try options.clientConfiguration().password == nil)
  }
}

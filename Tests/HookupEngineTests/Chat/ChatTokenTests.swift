import Foundation
import HookupCore
import Testing

@testable import HookupEngine

@Suite struct ChatTokenTests {
  @Test func `a token is read as it was kept, by its nick only, and its file is its user's`() throws
  {
    let directory = NSTemporaryDirectory() + "hookup-token-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let token = ChatToken(directory: directory, nick: try Nick("Alice"))
    #expect(token.read() == nil)
    token.write("abc")
    #expect(token.read() == "abc")
    #expect(ChatToken(directory: directory, nick: try Nick("alice")).read() == "abc")
    #expect(ChatToken(directory: directory, nick: try Nick("bob")).read() == nil)
    let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/token")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    token.write("def")
    #expect(token.read() == "def")
    token.write(nil)
    #expect(token.read() == nil)
    try Data("no token".utf8).write(to: URL(fileURLWithPath: directory + "/token"))
    #expect(token.read() == nil)
  }
}

import Foundation
import Testing

/// What the pages show and name is there.
@Suite struct DocumentationTests {
  private static let pages: [SourceTree.File] = {
    let contributing = ".github/CONTRIBUTING.md"
    let url = SourceTree.root.appending(path: contributing)
    let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
    return SourceTree.files.filter { $0.path.hasSuffix(".md") }
      + [SourceTree.File(path: contributing, text: text)]
  }()

  private static func text(of path: String) throws -> String {
    try #require(SourceTree.files.first { $0.path == path }, "\(path) is missing").text
  }

  @Test(arguments: ["echo-client/EchoClient.swift", "echo-server/EchoServer.swift"])
  func `the README shows an example as it is compiled`(_ example: String) throws {
    let code = try Self.text(of: "Sources/Examples/\(example)")
    #expect(try Self.text(of: "README.md").contains("```swift\n\(code)```"))
  }

  /// The targets of the links in `text`, without those on the web.
  private static func links(in text: String) -> [String] {
    text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }.filter { !$0.contains("://") }
  }

  @Test func `every link leads somewhere`() {
    #expect(Self.pages.count >= 9)
    for page in Self.pages {
      let folder = SourceTree.root.appending(path: page.path).deletingLastPathComponent()
      for link in Self.links(in: page.text) {
        let target = folder.appending(path: link).standardizedFileURL.path
        #expect(FileManager.default.fileExists(atPath: target), "\(page.path) links \(link)")
      }
      for link in page.text.matches(of: /<doc:(\w+)>/) {
        let known = Self.pages.contains { $0.path.hasSuffix(".docc/\(link.1).md") }
        #expect(known, "\(page.path) links \(link.1)")
      }
    }
    #expect(Self.links(in: "[a](b/c.md) [d](https://e)") == ["b/c.md"])
  }

  /// The rows of the tables that say which test proves a promise: the tests' names and their file.
  private static func proofs(in text: String) -> [(names: [String], path: String)] {
    var path = ""
    var proofs: [(names: [String], path: String)] = []
    for line in text.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|")
      guard cells.count >= 2 else { continue }
      if let file = cells[1].firstMatch(of: /`(.+)`/) { path = "Tests/\(file.1)" }
      proofs.append((cells[0].matches(of: /`([^`]+)`/).map { String($0.1) }, path))
    }
    return proofs
  }

  @Test func `every test that proves a promise is there`() throws {
    let page = try Self.text(of: "Sources/HookupEngine/Documentation.docc/Guarantees.md")
    let proofs = Self.proofs(in: page)
    #expect(proofs.flatMap(\.names).count > 20)
    for proof in proofs {
      let test = try Self.text(of: proof.path)
      for name in proof.names { #expect(test.contains("`\(name)`"), "\(proof.path): \(name)") }
    }
  }
}

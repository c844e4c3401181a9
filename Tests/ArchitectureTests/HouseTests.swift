import Foundation
import Testing

/// What can be seen from outside: where files lie, how long they are, what they must not hold.
@Suite struct HouseTests {
  @Test func `nothing but what belongs there is at the top`() {
    let allowed: Set<String> = [
      "Package.swift", "Sources", "Tests", "Resources", "README.md", "LICENSE",
    ]
    #expect(SourceTree.topLevel.subtracting(allowed) == [])
    #expect(SourceTree.topLevel.isSuperset(of: ["Package.swift", "Sources", "Tests", "LICENSE"]))
  }

  @Test func `no Swift file has more than 500 lines`() {
    #expect(SourceTree.swift.count > 50)
    for file in SourceTree.swift {
      #expect(file.lines <= 500, "\(file.path) has \(file.lines)")
    }
  }

  @Test func `every file of the core has its test file at the mirrored path, with a test in it`() {
    let tests = Dictionary(uniqueKeysWithValues: SourceTree.swift.map { ($0.path, $0) })
    let core = SourceTree.sources.filter { $0.target == "HookupCore" }
    #expect(core.count > 20)
    for file in core {
      let mirrored = file.path
        .replacing("Sources/HookupCore/", with: "Tests/HookupCoreTests/")
        .replacing(".swift", with: "Tests.swift")
      guard let test = tests[mirrored] else {
        Issue.record("\(file.path) has no \(mirrored)")
        continue
      }
      #expect(test.text.contains("@Test"), "\(mirrored) tests nothing")
    }
  }

  /// Time, randomness, tasks and output reach the core as parameters and actions; what a peer sends never traps it.
  private static let notInCore = [
    "ContinuousClock", "SuspendingClock", "NIODeadline", "SystemRandomNumberGenerator",
    "Task {", "Task.detached", " print(", "try!", "as!", "fatalError(",
  ]

  private static func forbidden(in text: String) -> [String] {
    let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
    return notInCore.filter { word in code.contains { $0.contains(word) } }
  }

  @Test func `the core reads no clock, draws no randomness, starts nothing and does not trap`() {
    for file in SourceTree.sources where file.target == "HookupCore" {
      #expect(Self.forbidden(in: file.text) == [], "\(file.path)")
    }
    #expect(Self.forbidden(in: "let x = try! f()\n") == ["try!"])
    #expect(Self.forbidden(in: "  // try! not\n") == [])
  }

  @Test func `no file names a place on somebody's machine`() {
    // Spelled in two parts, so that this file is not found.
    let places = ["/work" + "/", "/home" + "/", "/root" + "/", "/Users" + "/"]
    #expect(SourceTree.files.count > SourceTree.swift.count)
    for file in SourceTree.files {
      for place in places where file.text.contains(place) {
        Issue.record("\(file.path) names \(place)")
      }
    }
  }

  @Test func `every source file ends with a line feed and has no tab`() {
    for file in SourceTree.swift {
      #expect(file.text.hasSuffix("\n"), "\(file.path)")
      #expect(!file.text.contains("\t"), "\(file.path)")
    }
  }
}

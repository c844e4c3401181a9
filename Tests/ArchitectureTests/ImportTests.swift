import Testing

/// The arrows between the modules go one way: read from the imports.
@Suite struct ImportTests {
  /// What a target may import, or what it may not; whatever is not named here is an executable and free in what it imports.
  private enum Rule {
    case only(Set<String>)
    case never(Set<String>)
  }

  private static let backEnds: Set<String> = [
    "HookupSQLite", "HookupPostgres", "GRDB", "GRDBSQLite", "CPostgres",
  ]
  private static let shell: Set<String> = [
    "HookupTUI", "HookupSimulation", "HookupConfiguration", "HookupManual", "CNcursesw",
    "ArgumentParser",
    "TOMLKit",
  ]
  /// No clock, file, socket, log or randomness comes in through these.
  private static let pure: Set<String> = [
    "NIOCore", "Collections", "DequeModule", "OrderedCollections", "HeapModule", "BasicContainers",
    // Deflate: from bytes to bytes, and nothing of the system.
    "CZlib",
  ]

  private static let rules: [String: Rule] = [
    "HookupCore": .only(pure),
    "HookupTUI": .only(["HookupCore"]),
    "HookupConfiguration": .only(["HookupCore", "TOMLKit"]),
    "HookupManual": .only(["HookupCore"]),
    "HookupSimulation": .only(pure.union(["HookupCore"])),
    "HookupEngine": .never(backEnds.union(shell)),
    "HookupSQLite": .never(shell.union(["HookupPostgres", "CPostgres"])),
    "HookupPostgres": .never(shell.union(["HookupSQLite", "GRDB"])),
  ]

  /// Modules of the package's executables, as Swift spells them.
  private static var executables: Set<String> {
    Set(
      SourceTree.sources.map(\.target).filter {
        $0.hasPrefix("hookup-") || $0.hasPrefix("Examples/")
      }
      .map {
        $0.replacing("Examples/", with: "").replacing("-", with: "_")
      })
  }

  /// The imports of `file` that break a rule.
  private static func violations(of file: SourceTree.File) -> [String] {
    let isLibrary = file.target.hasPrefix("Hookup")
    return file.imports.filter { module in
      if module == "CNcursesw" && file.target != "hookup-chat" { return true }
      if isLibrary && executables.contains(module) { return true }
      switch rules[file.target] {
      case .only(let allowed): return !allowed.contains(module)
      case .never(let forbidden): return forbidden.contains(module)
      case nil: return false
      }
    }
  }

  @Test func `every import goes along an arrow`() {
    for file in SourceTree.sources {
      for module in Self.violations(of: file) {
        Issue.record("\(file.path) must not import \(module)")
      }
    }
  }

  @Test func `the sources and their imports were found`() {
    let targets = Set(SourceTree.sources.map(\.target))
    #expect(
      targets.isSuperset(of: [
        "HookupCore", "HookupEngine", "HookupTUI", "HookupSQLite", "hookup-chat",
      ]))
    let imports = Set(SourceTree.sources.flatMap(\.imports))
    #expect(imports.isSuperset(of: ["HookupCore", "HookupEngine", "NIOCore"]))
    #expect(Self.executables.isSuperset(of: ["hookup_chat", "hookup_chat_server", "echo_server"]))
  }

  @Test func `every library has a rule`() {
    for target in Set(SourceTree.sources.map(\.target)) where target.hasPrefix("Hookup") {
      #expect(Self.rules[target] != nil, "\(target)")
    }
  }

  @Test(arguments: [
    ("HookupCore", "import Foundation"), ("HookupCore", "import FoundationEssentials"),
    ("HookupCore", "  import NIOPosix"), ("HookupCore", "@preconcurrency import Dispatch"),
    ("HookupCore", "import Glibc"), ("HookupCore", "import Logging"),
    ("HookupCore", "import NIOSSL"),
    ("HookupCore", "import HookupEngine"), ("HookupCore", "package import struct HookupEngine.X"),
    ("HookupTUI", "import HookupEngine"), ("HookupTUI", "import CNcursesw"),
    ("HookupTUI", "import Foundation"),
    ("HookupEngine", "import HookupSQLite"), ("HookupEngine", "import GRDB"),
    ("HookupEngine", "import HookupTUI"),
    ("HookupEngine", "import ArgumentParser"), ("HookupEngine", "import hookup_chat_server"),
    ("HookupSQLite", "import hookup_chat"), ("HookupSQLite", "@_exported import HookupTUI"),
    ("hookup-chat-server", "import CNcursesw"),
  ])
  func `a wrong import is seen`(_ target: String, _ line: String) {
    let file = SourceTree.File(
      path: "Sources/\(target)/X.swift", text: "// X\n\(line)\n\nstruct X {}\n")
    #expect(Self.violations(of: file).count == 1)
  }

  @Test func `what only looks like an import is none`() {
    let text = #"""
      // import Foundation
      let sample = """
      import Foundation
      """
      /// import Glibc
      let important = "import Dispatch"
      import NIOCore
      """#
    let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "\n")
    #expect(SourceTree.File(path: "Sources/HookupCore/X.swift", text: lines).imports == ["NIOCore"])
  }
}

import Foundation

/// The project's files, as the tests that judge them see them.
struct SourceTree {
  struct File: CustomStringConvertible, Sendable {
    /// Relative to the project, e.g. `Sources/HookupCore/Machine.swift`.
    var path: String
    var text: String

    var lines: Int { text.split(separator: "\n", omittingEmptySubsequences: false).count - 1 }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var description: String { path }
  }

  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every file below Sources, Tests and Resources, and those at the top, that is text.
  static let files: [File] = {
    let top = names(in: root).filter { !$0.hasPrefix(".") }
    return top.flatMap { files(at: $0) }.sorted { $0.path < $1.path }
  }()

  static var swift: [File] { files.filter(\.isSwift) }
  static var sources: [File] { swift.filter { $0.path.hasPrefix("Sources/") } }

  /// The names in the project's directory, without dot-files and what the package manager leaves beside them.
  static var topLevel: Set<String> {
    Set(names(in: root).filter { !$0.hasPrefix(".") && $0 != "Package.resolved" })
  }

  private static func names(in directory: URL) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
  }

  private static func files(at path: String) -> [File] {
    let url = root.appending(path: path)
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) else {
      return []
    }
    if isDirectory.boolValue {
      return names(in: url).filter { !$0.hasPrefix(".") }.flatMap { files(at: path + "/" + $0) }
    }
    guard let text = try? String(contentsOf: url, encoding: .utf8) else { return [] }
    return [File(path: path, text: text)]
  }
}

extension SourceTree.File {
  /// The modules it imports, in order. What stands in a string of several lines or behind a comment mark is no import.
  var imports: [String] {
    var modules: [String] = []
    var isInString = false
    for line in text.split(separator: "\n") {
      if line.components(separatedBy: "\"\"\"").count.isMultiple(of: 2) { isInString.toggle() }
      if !isInString, let module = Self.module(importedBy: line) { modules.append(module) }
    }
    return modules
  }

  /// `NIOCore` of `@preconcurrency import NIOCore`, `package import struct NIOCore.ByteBuffer` and the like.
  private static func module(importedBy line: Substring) -> String? {
    let words = line.split { $0 == " " || $0 == "\t" || $0 == ";" }
    guard let keyword = words.firstIndex(of: "import"),
      words[..<keyword].allSatisfy({ $0.hasPrefix("@") || Self.accessLevels.contains(String($0)) })
    else { return nil }
    let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    let name = words[(keyword + 1)...].first { !kinds.contains(String($0)) }
    return name.map { String($0.split(separator: ".")[0]) }
  }

  private static let accessLevels = ["public", "package", "internal", "fileprivate", "private"]

  /// The target it belongs to: `HookupCore`, `hookup-chat`, `Examples/echo-server`.
  var target: String {
    let parts = path.split(separator: "/").map(String.init)
    guard parts.count > 2 else { return "" }
    return parts[1] == "Examples" && parts.count > 3 ? "Examples/" + parts[2] : parts[1]
  }
}

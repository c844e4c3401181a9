import Dispatch
import Foundation

/// A program of the system, run to its end on a thread of its own.
enum Tool {
  struct Outcome: Sendable {
    var status: Int32
    /// Standard output and standard error, mixed.
    var output: String
  }

  static func run(
    _ arguments: [String], in directory: String = "/", input: String = ""
  ) async throws -> Outcome {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(with: Result { try runBlocking(arguments, directory, input) })
      }
    }
  }

  private static func runBlocking(
    _ arguments: [String], _ directory: String, _ input: String
  ) throws -> Outcome {
    let process = Process()
    let (stdin, stdout) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stdout
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
  }
}

import HookupCore
import Testing

@testable import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct DirectoryLockTests {
  private func withDirectory(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/hookup-lock-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw HookupError(.storage, "no temporary directory: errno \(errno)")
    }
    let directory = String(cString: made)
    defer {
      for name in ["/a/b/lock", "/lock"] { unlink(directory + name) }
      for name in ["/a/b", "/a", ""] { rmdir(directory + name) }
    }
    try body(directory)
  }

  @Test func `one holds it, the second is told who`() throws {
    try withDirectory { directory in
      let lock = try DirectoryLock(directory: directory)
      let refusal = #expect(throws: HookupError.self) { try DirectoryLock(directory: directory) }
      #expect(refusal?.code == .locked)
      #expect(refusal?.message.contains("\(directory) is in use by another process") == true)
      #expect(refusal?.message.contains("(pid \(getpid()))") == true)
      lock.release()
      lock.release()
      try DirectoryLock(directory: directory).release()
    }
  }

  @Test func `it is let go when nobody keeps it`() throws {
    try withDirectory { directory in
      _ = try DirectoryLock(directory: directory)
      try DirectoryLock(directory: directory).release()
    }
  }

  @Test func `missing directories are made, and can be synced`() throws {
    try withDirectory { directory in
      let lock = try DirectoryLock(directory: directory + "/a/b")
      try lock.syncDirectory()
      lock.release()
    }
  }

  @Test(arguments: ["/proc/none/of/this", "/dev/null", "/dev/null/below"])
  func `a place where nothing can be is named`(path: String) {
    let refusal = #expect(throws: HookupError.self) { try DirectoryLock(directory: path) }
    #expect(refusal?.code == .storage)
    #expect(refusal?.message.contains("/") == true)
  }
}

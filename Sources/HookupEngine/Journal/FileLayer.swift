import HookupCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open file, and what errors call it.
package struct OpenFile: Hashable, Sendable {
  package var descriptor: Int32
  package var path: String

  package init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }
}

/// A call to the file system that failed.
package struct FileFailure: Error, Hashable, Sendable {
  /// What was tried, as a verb: `write`.
  package var verb: String
  package var path: String
  /// The system's `errno`.
  package var number: Int32

  package init(_ verb: String, _ path: String, _ number: Int32) {
    self.verb = verb
    self.path = path
    self.number = number
  }

  /// The same as a sentence with a way out.
  var asError: HookupError {
    let wayOut =
      switch number {
      case ENOSPC, EDQUOT: "free some space there, or choose another directory"
      case EACCES, EPERM, EROFS: "give this user write access, or choose another directory"
      case EMFILE, ENFILE: "raise the limit of open files"
      case ENOTDIR, EEXIST: "remove the file that is in the way, or choose another directory"
      default: "check the disk, or choose another directory"
      }
    return HookupError(
      .storage, "cannot \(verb) '\(path)': \(String(cString: strerror(number))); \(wayOut)")
  }
}

/// Makes what fails in `body` an error that can be shown.
func naming<Result>(
  _ body: () throws(FileFailure) -> Result
) throws(HookupError) -> Result {
  do throws(FileFailure) {
    return try body()
  } catch {
    throw error.asError
  }
}

/// The calls that the outbox makes to the file system; tests put faults here. Calls block.
package protocol FileLayer: Sendable {
  /// Makes the directory, and those above it, with mode 0700. One that exists is left as it is.
  func makeDirectory(_ path: String) throws(FileFailure)
  func names(in directory: String) throws(FileFailure) -> [String]
  /// Takes the lock on the file, which is made if it does not exist, and writes this process's id into it.
  func lock(_ path: String) throws(FileFailure) -> LockOutcome
  /// Opens for reading and writing. `creating`: makes it with mode 0600, or empties what is there.
  func open(_ path: String, creating: Bool) throws(FileFailure) -> OpenFile
  func size(_ file: OpenFile) throws(FileFailure) -> Int
  /// - Returns: how many bytes were read: less than asked for only at the end of the file.
  func read(
    _ file: OpenFile, at position: Int, into bytes: UnsafeMutableRawBufferPointer
  ) throws(FileFailure) -> Int
  /// Writes all of `bytes`, or throws; then part of them may have been written.
  func write(
    _ file: OpenFile, at position: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(FileFailure)
  /// Makes the file at least `bytes` long, with zeros, and takes the space for it. Only ever a help: may do nothing.
  func reserve(_ file: OpenFile, bytes: Int) throws(FileFailure)
  func truncate(_ file: OpenFile, to bytes: Int) throws(FileFailure)
  /// fdatasync: contents and length are on the medium when it returns.
  func synchronize(_ file: OpenFile) throws(FileFailure)
  /// Closing the lock file gives the lock back.
  func close(_ file: OpenFile)
  func rename(_ path: String, to target: String) throws(FileFailure)
  func remove(_ path: String) throws(FileFailure)
  /// Removes a directory, which is empty.
  func removeDirectory(_ path: String) throws(FileFailure)
  /// When the file was last written to, in seconds since 1970.
  func lastChange(of path: String) throws(FileFailure) -> Int64
  func synchronizeDirectory(_ path: String) throws(FileFailure)
}

package enum LockOutcome: Hashable, Sendable {
  case held(OpenFile)
  /// Another process (or another outbox of this one) has it.
  case taken(by: Int32?)
}

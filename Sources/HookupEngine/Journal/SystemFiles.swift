#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The real file system.
package struct SystemFiles: FileLayer {
  package init() {}

  package func makeDirectory(_ path: String) throws(FileFailure) {
    if mkdir(path, 0o700) == 0 { return }
    let number = errno
    if number == ENOENT, let parent = parent(of: path) {
      try makeDirectory(parent)
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw FileFailure("create directory", path, errno)
      }
      return
    }
    guard number == EEXIST, isDirectory(path) else {
      throw FileFailure("create directory", path, number)
    }
  }

  package func names(in directory: String) throws(FileFailure) -> [String] {
    guard let stream = opendir(directory) else {
      throw FileFailure("list directory", directory, errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw FileFailure("list directory", directory, errno) }
    return names
  }

  package func lock(_ path: String) throws(FileFailure) -> LockOutcome {
    let file = try open(path, flags: O_RDWR | O_CREAT)
    guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      defer { close(file) }
      guard number == EWOULDBLOCK else { throw FileFailure("lock", path, number) }
      return .taken(by: owner(file))
    }
    do throws(FileFailure) {
      let text = "\(getpid())\n"
      try truncate(file, to: 0)
      var failure: FileFailure?
      text.utf8.withContiguousStorageIfAvailable { bytes in
        do throws(FileFailure) {
          try write(file, at: 0, UnsafeRawBufferPointer(bytes))
        } catch {
          failure = error
        }
      }
      // A full disk keeps the id from the file, not the lock from this process.
      if let failure, failure.number != ENOSPC { throw failure }
    } catch {
      close(file)
      throw error
    }
    return .held(file)
  }

  package func open(_ path: String, creating: Bool) throws(FileFailure) -> OpenFile {
    try open(path, flags: creating ? O_RDWR | O_CREAT | O_TRUNC : O_RDWR)
  }

  package func size(_ file: OpenFile) throws(FileFailure) -> Int {
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else {
      throw FileFailure("read the size of", file.path, errno)
    }
    return Int(status.st_size)
  }

  package func read(
    _ file: OpenFile, at position: Int, into bytes: UnsafeMutableRawBufferPointer
  ) throws(FileFailure) -> Int {
    var done = 0
    while done < bytes.count {
      let count = pread(
        file.descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done,
        off_t(position + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileFailure("read", file.path, errno)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  package func write(
    _ file: OpenFile, at position: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(FileFailure) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        file.descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done,
        off_t(position + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileFailure("write to", file.path, errno)
      }
      guard count > 0 else { throw FileFailure("write to", file.path, ENOSPC) }
      done += count
    }
  }

  package func reserve(_ file: OpenFile, bytes: Int) throws(FileFailure) {
    #if canImport(Glibc)
      let number = posix_fallocate(file.descriptor, 0, off_t(bytes))
      if number != 0 { throw FileFailure("reserve space for", file.path, number) }
    #endif
  }

  package func truncate(_ file: OpenFile, to bytes: Int) throws(FileFailure) {
    while ftruncate(file.descriptor, off_t(bytes)) != 0 {
      guard errno == EINTR else { throw FileFailure("shorten", file.path, errno) }
    }
  }

  package func synchronize(_ file: OpenFile) throws(FileFailure) {
    #if canImport(Glibc)
      let failed = fdatasync(file.descriptor) != 0
    #else
      let failed = fcntl(file.descriptor, F_FULLFSYNC) != 0
    #endif
    // Never again on this descriptor, not even after EINTR: a second call may report success for pages that were lost.
    if failed { throw FileFailure("flush", file.path, errno) }
  }

  package func close(_ file: OpenFile) {
    // A process that is being started right now shares the descriptor until it has become its program, and with it the lock.
    _ = flock(file.descriptor, LOCK_UN)
    #if canImport(Glibc)
      _ = Glibc.close(file.descriptor)
    #else
      _ = Darwin.close(file.descriptor)
    #endif
  }

  package func rename(_ path: String, to target: String) throws(FileFailure) {
    #if canImport(Glibc)
      let failed = Glibc.rename(path, target) != 0
    #else
      let failed = Darwin.rename(path, target) != 0
    #endif
    if failed { throw FileFailure("rename", path, errno) }
  }

  package func remove(_ path: String) throws(FileFailure) {
    guard unlink(path) == 0 || errno == ENOENT else { throw FileFailure("delete", path, errno) }
  }

  package func removeDirectory(_ path: String) throws(FileFailure) {
    guard rmdir(path) == 0 || errno == ENOENT else { throw FileFailure("delete", path, errno) }
  }

  package func lastChange(of path: String) throws(FileFailure) -> Int64 {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileFailure("look at", path, errno) }
    #if canImport(Glibc)
      return Int64(status.st_mtim.tv_sec)
    #else
      return Int64(status.st_mtimespec.tv_sec)
    #endif
  }

  package func synchronizeDirectory(_ path: String) throws(FileFailure) {
    let file = try open(path, flags: O_RDONLY | O_DIRECTORY)
    defer { close(file) }
    guard fsync(file.descriptor) == 0 else { throw FileFailure("flush directory", path, errno) }
  }

  private func open(_ path: String, flags: Int32) throws(FileFailure) -> OpenFile {
    while true {
      #if canImport(Glibc)
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
      #else
        let descriptor = Darwin.open(path, flags | O_CLOEXEC, 0o600)
      #endif
      if descriptor >= 0 { return OpenFile(descriptor: descriptor, path: path) }
      guard errno == EINTR else { throw FileFailure("open", path, errno) }
    }
  }

  private func owner(_ file: OpenFile) -> Int32? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = (try? bytes.withUnsafeMutableBytes { try read(file, at: 0, into: $0) }) ?? 0
    return Int32(String(decoding: bytes.prefix(count).prefix { $0 != 10 }, as: UTF8.self))
  }

  private func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func parent(of path: String) -> String? {
    var parent = path[...]
    while parent.last == "/" { parent.removeLast() }
    while let last = parent.last, last != "/" { parent.removeLast() }
    while parent.last == "/" { parent.removeLast() }
    return parent.isEmpty ? nil : String(parent)
  }
}

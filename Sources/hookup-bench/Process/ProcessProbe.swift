import Glibc

/// Reads from `/proc` what a process uses. Linux only, and only processes that the user may look at.
struct ProcessProbe: Sendable {
  let pid: Int

  /// CPU-seconds since the process began, all threads; nil when the process is gone or hidden. A tick is 10 ms on
  /// most systems.
  func cpuSeconds() -> Double? {
    guard let text = Self.contents(of: "/proc/\(pid)/stat"), let stat = ProcStat(parsing: text)
    else { return nil }
    return Double(stat.userTicks + stat.systemTicks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
  }

  func memory() -> ProcMemory? {
    for file in ["smaps_rollup", "status"] {
      if let text = Self.contents(of: "/proc/\(pid)/\(file)"),
        let memory = ProcMemory(parsing: text)
      {
        return memory
      }
    }
    return nil
  }

  /// Open file descriptors; nil when they cannot be listed.
  func descriptors() -> Int? {
    guard let directory = opendir("/proc/\(pid)/fd") else { return nil }
    defer { closedir(directory) }
    var count = 0
    while let entry = readdir(directory) {
      if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
    }
    return count
  }

  /// A file of `/proc`, at most 64 KiB of it.
  private static func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while text.count < 64 << 10 {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 { return nil }
      if count == 0 { break }
      text += chunk.prefix(count)
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// This process itself.
enum ThisProcess {
  /// CPU-seconds since the start, all threads.
  static func cpuSeconds() -> Double {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return Double(seconds) + Double(microseconds) / 1e6
  }

  /// Raises the number of descriptors it may open to what the system allows, and returns that.
  @discardableResult
  static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}

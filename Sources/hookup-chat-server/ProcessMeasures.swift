import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What this process costs, by the names that Prometheus' own clients give it. What the system does not tell is nil and left out.
struct ProcessMeasures {
  /// User and system time, seconds.
  var cpuSeconds: Double?
  var residentBytes: Double?
  var openFiles: Double?
  /// The soft limit; nil too when there is none.
  var maximumFiles: Double?
  /// Seconds since 1970.
  var startSeconds: Double?

  /// Reads `/proc`: a few short files that never block.
  static func now() -> ProcessMeasures {
    var measures = ProcessMeasures()
    var usage = rusage()
    if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
      measures.cpuSeconds = [usage.ru_utime, usage.ru_stime].reduce(0) {
        $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1_000_000
      }
    }
    if let text = try? StandardStreams.contents(of: "/proc/self/statm") {
      measures.residentBytes = residentPages(statm: text).map { $0 * Double(getpagesize()) }
    }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < rlim_t(Int64.max)
    {
      measures.maximumFiles = Double(limit.rlim_cur)
    }
    measures.openFiles = countedFiles()
    if let stat = try? StandardStreams.contents(of: "/proc/self/stat"),
      let system = try? StandardStreams.contents(of: "/proc/stat"),
      let ticks = startTicks(stat: stat), let boot = bootSeconds(stat: system)
    {
      measures.startSeconds = boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
    return measures
  }

  /// proc(5): the second number of `/proc/self/statm`.
  static func residentPages(statm: String) -> Double? {
    let fields = statm.split(separator: " ")
    return fields.count > 1 ? Double(fields[1]) : nil
  }

  /// proc(5): the 22nd field of `/proc/self/stat`. The second one is a name in parentheses that may hold anything, also those.
  static func startTicks(stat: String) -> Double? {
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    return fields.count > 19 ? Double(fields[19]) : nil
  }

  /// proc(5): when the system was started, from `/proc/stat`.
  static func bootSeconds(stat: String) -> Double? {
    stat.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
  }

  private static func countedFiles() -> Double? {
    guard let directory = opendir("/proc/self/fd") else { return nil }
    defer { closedir(directory) }
    // `.`, `..` and the descriptor of the directory itself do not count.
    var count = -3
    while readdir(directory) != nil { count += 1 }
    return Double(count)
  }

  var prometheus: String {
    var text = PrometheusText()
    if let cpuSeconds {
      text.add(
        "process_cpu_seconds_total", .counter, "User and system time in seconds.", cpuSeconds)
    }
    if let residentBytes {
      text.add("process_resident_memory_bytes", .gauge, "Memory in use.", residentBytes)
    }
    if let openFiles { text.add("process_open_fds", .gauge, "Open descriptors.", openFiles) }
    if let maximumFiles {
      text.add("process_max_fds", .gauge, "Descriptors that may be open.", maximumFiles)
    }
    if let startSeconds {
      text.add(
        "process_start_time_seconds", .gauge, "When the process began, since 1970.", startSeconds)
    }
    return text.text
  }
}

/// How large the store's files are, and how much room is left for them.
struct StoreFiles: Sendable {
  let directory: String

  var prometheus: String {
    var text = PrometheusText()
    var sizes: [String: Double] = [:]
    for (label, name) in [("data", "chat.sqlite"), ("wal", "chat.sqlite-wal")] {
      var status = stat()
      if stat("\(directory)/\(name)", &status) == 0 { sizes[label] = Double(status.st_size) }
    }
    text.add("hookup_store_file_bytes", .gauge, "Size of the store's files.", by: "file", sizes)
    var room = statvfs()
    if statvfs(directory, &room) == 0 {
      text.add(
        "hookup_store_free_bytes", .gauge, "Room on the disk that the server may use.",
        Double(room.f_bavail) * Double(room.f_frsize))
    }
    return text.text
  }
}

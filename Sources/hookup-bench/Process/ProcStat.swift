/// What `/proc/PID/stat` says of a process, all its threads together (proc(5)).
struct ProcStat: Hashable {
  /// CPU time spent in the program, clock ticks.
  var userTicks: UInt64
  /// CPU time spent in the kernel for it, clock ticks.
  var systemTicks: UInt64
  /// Threads alive.
  var threads: Int

  /// Reads the one line of the file; nil when it is none. The program's name, in parentheses, may hold spaces and
  /// parentheses itself: what counts begins behind the last one.
  init?(parsing text: String) {
    guard let nameEnd = text.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    // The first of these is field 3, the state.
    let fields = text[text.utf8.index(after: nameEnd)...].split(whereSeparator: \.isWhitespace)
    guard fields.count > 17, let userTicks = UInt64(fields[11]),
      let systemTicks = UInt64(fields[12]), let threads = Int(fields[17])
    else { return nil }
    self.userTicks = userTicks
    self.systemTicks = systemTicks
    self.threads = threads
  }
}

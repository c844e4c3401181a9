/// What a process holds of the memory, from `/proc/PID/smaps_rollup` or `/proc/PID/status` (proc(5)).
struct ProcMemory: Hashable {
  /// Resident pages, KiB.
  var residentKiB: Int
  /// The same with each shared page divided by those who share it, KiB; nil where only `status` could be read.
  var proportionalKiB: Int?
  /// Pages that nobody else has, KiB; nil where only `status` could be read.
  var privateKiB: Int?

  /// Reads lines such as `Rss:  1234 kB`; nil when there is no resident size among them.
  init?(parsing text: String) {
    var resident: Int?
    var proportional: Int?
    var unshared: Int?
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count >= 2, let value = Int(words[1]) else { continue }
      switch words[0] {
      case "Rss:", "VmRSS:": resident = value
      case "Pss:": proportional = value
      case "Private_Clean:", "Private_Dirty:": unshared = (unshared ?? 0) + value
      default: break
      }
    }
    guard let resident else { return nil }
    residentKiB = resident
    proportionalKiB = proportional
    privateKiB = unshared
  }

  /// MB, 10^6 bytes.
  var residentMB: Double { Double(residentKiB) * 1.024e-3 }
  var privateMB: Double? { privateKiB.map { Double($0) * 1.024e-3 } }
}

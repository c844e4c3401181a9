import Glibc
import HookupCore
import HookupEngine
import HookupTUI

/// Reads both clocks for the screen. The offset from UTC is looked up once a minute: it may change while we run.
struct ClockReader {
  private var offset = 0
  private var lookedUpAt: Int?

  mutating func read() -> ScreenClock {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let minute = time.tv_sec / 60
    if lookedUpAt != minute {
      lookedUpAt = minute
      var seconds = time.tv_sec
      var parts = tm()
      localtime_r(&seconds, &parts)
      offset = parts.tm_gmtoff
    }
    return ScreenClock(
      now: .now, wallMilliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000,
      utcOffsetSeconds: offset)
  }
}

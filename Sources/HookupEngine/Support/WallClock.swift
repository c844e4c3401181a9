#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Milliseconds since 1970-01-01T00:00:00Z by the system's clock, which may jump: for display, never for deadlines.
package func wallClockMilliseconds() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
}

/// Whole seconds of the same, for HTTP's `Date`.
func wallClockSeconds() -> Int64 { wallClockMilliseconds() / 1_000 }

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Seconds since 1970-01-01T00:00:00Z by the system's clock, which may jump: for display and HTTP's `Date`, never for
/// deadlines.
func wallClockSeconds() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Int64(now.tv_sec)
}

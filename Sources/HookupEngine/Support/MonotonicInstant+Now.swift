import HookupCore
import NIOCore

extension MonotonicInstant {
  /// The system's monotonic clock, the same one NIO schedules by.
  package static var now: MonotonicInstant { MonotonicInstant(NIODeadline.now()) }

  package init(_ deadline: NIODeadline) {
    self.init(nanoseconds: Int64(clamping: deadline.uptimeNanoseconds))
  }
}

extension NIODeadline {
  package init(_ instant: MonotonicInstant) {
    self = .uptimeNanoseconds(UInt64(clamping: instant.nanoseconds))
  }
}

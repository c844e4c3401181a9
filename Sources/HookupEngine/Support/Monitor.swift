import HookupCore

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Darwin)
  @preconcurrency import Darwin
#endif

/// A value behind a mutex, and a way for one thread to wait until it changes.
///
/// `@unchecked Sendable`: `value` is touched only with the mutex held, and the two pthread objects never move.
final class Monitor<Value>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var value: Value

  init(_ value: sending Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
    #if canImport(Glibc)
      var attributes = pthread_condattr_t()
      pthread_condattr_init(&attributes)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      pthread_cond_init(condition, &attributes)
      pthread_condattr_destroy(&attributes)
    #else
      pthread_cond_init(condition, nil)
    #endif
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&value)
  }

  /// Changes the value and wakes the waiting thread.
  func change(_ body: (inout Value) -> Void) {
    withLock(body)
    pthread_cond_signal(condition)
  }

  /// Waits until `body` gives something, or until `deadline` on the system's monotonic clock: then nil. `body` runs with
  /// the mutex held, once at first and once after each change.
  func wait<Result>(
    until deadline: MonotonicInstant?, for body: (inout Value) -> Result?
  ) -> Result? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      guard let deadline else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      let rest = MonotonicInstant.now.duration(to: deadline).wholeNanoseconds
      guard rest > 0 else { return nil }
      wait(nanoseconds: rest)
    }
  }

  private func wait(nanoseconds: Int64) {
    #if canImport(Glibc)
      var until = timespec()
      clock_gettime(CLOCK_MONOTONIC, &until)
      let sum = Int64(until.tv_nsec) + nanoseconds % 1_000_000_000
      until.tv_sec += Int(nanoseconds / 1_000_000_000 + sum / 1_000_000_000)
      until.tv_nsec = Int(sum % 1_000_000_000)
      pthread_cond_timedwait(condition, mutex, &until)
    #else
      var rest = timespec(
        tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
      pthread_cond_timedwait_relative_np(condition, mutex, &rest)
    #endif
  }
}

/// A thread of the system's own, for work that blocks.
enum WorkerThread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts a thread that ends when `body` returns.
  /// - Throws: ``HookupError/Code/storage`` when the system gives no more threads.
  static func start(_ body: @escaping @Sendable () -> Void) throws(HookupError) {
    let box = Unmanaged.passRetained(Body(body))
    #if canImport(Glibc)
      var thread = pthread_t()
      let failure = pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
          return nil
        }, box.toOpaque())
      let created: pthread_t? = thread
    #else
      var created: pthread_t?
      let failure = pthread_create(
        &created, nil,
        { argument in
          Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
          return nil
        }, box.toOpaque())
    #endif
    guard failure == 0, let created else {
      box.release()
      throw HookupError(
        .storage, "cannot start a thread for the outbox: \(String(cString: strerror(failure)))")
    }
    pthread_detach(created)
  }
}

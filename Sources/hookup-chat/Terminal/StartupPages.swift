import CNcursesw
import HookupCore

/// What only the start of the program needed of its own files, above all the tables for linking a dozen libraries: some
/// 13 MB of 31 that would stay resident for as long as the program runs, which is all day.
struct StartupPages {
  /// From the first frame. Right after it the connection is made, which needs much of what would be given back.
  private static let delay = Duration.seconds(2)
  private var due: MonotonicInstant?
  private var isReleased = false

  /// Called with each frame; gives the pages back once. Takes a millisecond.
  mutating func releaseWhenDue(at now: MonotonicInstant) {
    guard !isReleased else { return }
    guard let due else {
      self.due = now + Self.delay
      return
    }
    guard due <= now else { return }
    isReleased = true
    hk_release_program_pages()
  }
}

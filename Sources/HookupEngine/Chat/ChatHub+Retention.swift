import HookupCore

extension ChatHub {
  /// Entries that one step removes at most, so that nobody who writes waits for long.
  private static let trimEntries = 1_000

  /// Lets old entries go, again and again, until the server stops.
  func trim(_ configuration: ChatServerConfiguration) async {
    var time = RetentionClock()
    _ = time.now(clock(), at: .now)
    while await pause(configuration.retentionInterval) {
      let wasWaiting = time.isWaiting
      let now = time.now(clock(), at: .now)
      if time.isWaiting, !wasWaiting {
        logger.warning(
          "the clock was set forward: old entries go by the time it had, until it has stood for a day"
        )
      }
      do {
        while await goesOn() {
          let trims = try await store.trim(
            configuration.retention, milliseconds: now, maximumEntries: Self.trimEntries)
          guard !trims.isEmpty else { break }
          loop.execute { self.handle(.trimmed(trims)) }
        }
      } catch {
        logger.error("old entries cannot be removed", metadata: ["error": "\(error)"])
        noteDamage(error)
      }
    }
  }

  private func goesOn() async -> Bool {
    (try? await loop.submit { !self.isFinishing }.get()) ?? false
  }
}

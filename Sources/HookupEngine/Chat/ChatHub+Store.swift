import HookupCore
import NIOCore

extension ChatHub {
  /// What one transaction takes at most: entries, and bytes of text.
  private static let batchEntries = 1_024
  private static let batchBytes = 1 << 20

  /// How long to wait before a commit that failed is tried again: doubled with each try.
  private static let retryWaits = (first: Duration.milliseconds(250), last: Duration.seconds(5))

  /// Commits what waits, all of it in one transaction, again and again, until the queue ends: the more waits, the larger the
  /// groups.
  func writeEntries() async {
    while let batch = await appends.next(
      maximumCount: Self.batchEntries, maximumWeight: Self.batchBytes,
      weight: { $0.change.textBytes })
    {
      do {
        let (outcomes, milliseconds) = try await commit(batch)
        loop.execute { self.stored(batch, outcomes, milliseconds: milliseconds) }
      } catch {
        if (error as? HookupError)?.code != .unavailable { countFailure(error) }
        await failed(batch, error)
      }
    }
  }

  /// Commits a batch. As long as the store cannot be written but may be again, because the disk is full for instance, it is tried again,
  /// and everything else waits behind it in its order: nobody has to send anything again. Who is connected is told.
  private func commit(_ batch: [Change]) async throws -> ([RoomAppended], Int64) {
    let changes = batch.map(\.change)
    var wait = Self.retryWaits.first
    var hasFailed = false
    while true {
      let milliseconds = clock()
      let start = MonotonicInstant.now
      do {
        let outcomes = try await store.append(changes, milliseconds: milliseconds)
        guard outcomes.count == batch.count else {
          throw HookupError(
            .storage, "the store answered \(outcomes.count) entries of \(batch.count)")
        }
        if hasFailed { report(storeFailure: nil) }
        count(batch, since: start)
        return (outcomes, milliseconds)
      } catch let error as HookupError where error.code == .unavailable {
        countFailure(error)
        if !hasFailed {
          logger.error("the store cannot be written", metadata: ["error": "\(error)"])
          report(storeFailure: error.message)
        }
        hasFailed = true
        guard await pause(wait) else { throw error }
        wait = min(wait * 2, Self.retryWaits.last)
      }
    }
  }

  private func count(_ batch: [Change], since start: MonotonicInstant) {
    let seconds = start.duration(to: .now) / .seconds(1)
    loop.execute {
      self.measures.batches.add(Double(batch.count))
      self.measures.commits.add(seconds)
      self.measures.storeHealth.handle(.appended)
    }
  }

  private func countFailure(_ error: any Error) {
    let reason = (error as? HookupError)?.message ?? "\(error)"
    let milliseconds = clock()
    noteDamage(error)
    loop.execute {
      self.measures.storeFailures += 1
      self.measures.storeHealth.handle(.appendFailed(reason: reason, at: milliseconds))
      self.probes.append(())
    }
  }

  /// Health stays red from now on if the store's file is damaged.
  func noteDamage(_ error: any Error) {
    guard let error = error as? HookupError, error.code == .corrupt else { return }
    let milliseconds = clock()
    loop.execute {
      self.measures.storeHealth.handle(.foundDamage(reason: error.message, at: milliseconds))
    }
  }

  /// How long to wait before a store that failed is tried.
  private static let probeWait = Duration.seconds(1)

  /// Tries a store that failed until something is stored: when nobody says anything, nothing else would show that it works again.
  func probeStore() async {
    while await probes.next() != nil {
      while await pause(Self.probeWait), await asksForProbe() {
        do {
          try await store.probe()
          logger.notice("the store can be written again")
          loop.execute { self.measures.storeHealth.handle(.appended) }
        } catch {
          logger.debug("the store still fails", metadata: ["error": "\(error)"])
        }
      }
    }
  }

  private func asksForProbe() async -> Bool {
    (try? await loop.submit { self.wantsProbe }.get()) ?? false
  }

  private func report(storeFailure reason: String?) {
    if reason == nil { logger.notice("the store can be written again") }
    loop.execute { self.handle(.storeFailing(reason)) }
  }

  /// Waits for a time; false when the server stops, then at once.
  func pause(_ time: Duration) async -> Bool {
    let timer = loop.scheduleTask(in: TimeAmount(time)) {}
    let number = try? await loop.submit { () -> Int? in
      guard !self.isFinishing else { return nil }
      self.lastPause += 1
      self.pauses[self.lastPause] = timer
      return self.lastPause
    }.get()
    guard let number = number ?? nil else {
      timer.cancel()
      return false
    }
    try? await timer.futureResult.get()
    let goesOn = try? await loop.submit {
      self.pauses[number] = nil
      return !self.isFinishing
    }.get()
    return goesOn ?? false
  }

  /// On the event loop: in the order of the batch, so that a session hears of its messages in theirs.
  private func stored(_ batch: [Change], _ outcomes: [RoomAppended], milliseconds: Int64) {
    var entries: [AppendedEntry] = []
    for (change, outcome) in zip(batch, outcomes) {
      if case .entry(_, let append) = change {
        audit(append, outcome, at: milliseconds)
        switch outcome {
        case .stored: measures.storedEntries += 1
        case .duplicate: measures.duplicates += 1
        default: break
        }
      }
      switch change {
      case .entry(let ticket, _), .mark(let ticket, _):
        entries.append(AppendedEntry(ticket, outcome))
      case .settled(let settled):
        if !entries.isEmpty { handle(.appended(entries, milliseconds: milliseconds)) }
        entries.removeAll(keepingCapacity: true)
        finish(settled)
      }
    }
    if !entries.isEmpty { handle(.appended(entries, milliseconds: milliseconds)) }
    drain()
  }

  /// What was done to others, or to the room.
  private func audit(_ append: RoomAppend, _ outcome: RoomAppended, at milliseconds: Int64) {
    guard case .stored = outcome, append.kind.isModeration else { return }
    let whom = append.act.nick.map { " \($0)" } ?? ""
    let detail = "\(append.kind)\(whom) in \(append.key)"
    audit(
      AuditRecord(
        .moderation, nick: append.from.text, address: append.address, milliseconds: milliseconds,
        detail: detail))
  }

  /// Everything that waits fails with the batch: were it stored, it would overtake what is sent again.
  private func failed(_ batch: [Change], _ error: any Error) async {
    logger.error("the store failed to append", metadata: ["error": "\(error)"])
    let handled = loop.submit {
      var tickets: [AppendTicket] = []
      for change in batch + self.appends.takeAll() {
        switch change {
        case .entry(let ticket, _), .mark(let ticket, _): tickets.append(ticket)
        case .settled(let settled): self.fail(settled)
        }
      }
      self.handle(.appendFailed(tickets))
    }
    try? await handled.get()
  }

  /// Reads for many connections at a time; the machine asks once at a time for each.
  func answerReads() async {
    await withDiscardingTaskGroup { group in
      while let questions = await reads.next() {
        for (ticket, question) in questions {
          group.addTask {
            let answer = await self.answer(question)
            self.loop.execute { self.handle(.read(ticket, answer)) }
          }
        }
      }
    }
  }

  private func answer(_ question: StoreRead) async -> StoreAnswer {
    do throws(HookupError) {
      switch question {
      case .head(let key): return .head(try await store.head(of: key))
      case .page(let request): return .page(try await store.page(request))
      case .rooms(let after, let limit, let reader):
        return .rooms(try await store.rooms(after: after, limit: limit, for: reader))
      case .person(let nick, let limit):
        return .person(try await store.person(nick, limit: limit, marks: 1_000))
      case .search(var request):
        request.milliseconds = clock()
        return .found(try await store.search(request))
      }
    } catch let error where error.code == .invalidArgument {
      return .refused(RoomRefusal(.badQuery, error.message))
    } catch {
      logger.error("the store failed to read", metadata: ["error": "\(error)"])
      noteDamage(error)
      return .failed
    }
  }
}

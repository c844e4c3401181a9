import HookupCore

extension ChatHub {
  /// What one transaction takes at most: entries, and bytes of text.
  private static let batchEntries = 1_024
  private static let batchBytes = 1 << 20

  /// Commits what waits, all of it in one transaction, again and again, until the queue ends: the more waits, the larger the
  /// groups.
  func writeEntries() async {
    while let batch = await appends.next(
      maximumCount: Self.batchEntries, maximumWeight: Self.batchBytes,
      weight: { $0.change.textBytes })
    {
      let milliseconds = clock()
      do {
        let outcomes = try await store.append(batch.map(\.change), milliseconds: milliseconds)
        guard outcomes.count == batch.count else {
          throw HookupError(
            .storage, "the store answered \(outcomes.count) entries of \(batch.count)")
        }
        loop.execute { self.stored(batch, outcomes, milliseconds: milliseconds) }
      } catch {
        await failed(batch, error)
      }
    }
  }

  /// On the event loop: in the order of the batch, so that a session hears of its messages in theirs.
  private func stored(_ batch: [Change], _ outcomes: [RoomAppended], milliseconds: Int64) {
    var entries: [AppendedEntry] = []
    for (change, outcome) in zip(batch, outcomes) {
      switch change {
      case .entry(let ticket, _): entries.append(AppendedEntry(ticket, outcome))
      case .settled(let settled):
        if !entries.isEmpty { handle(.appended(entries, milliseconds: milliseconds)) }
        entries.removeAll(keepingCapacity: true)
        finish(settled)
      }
    }
    if !entries.isEmpty { handle(.appended(entries, milliseconds: milliseconds)) }
    drain()
  }

  /// Everything that waits fails with the batch: were it stored, it would overtake what is sent again.
  private func failed(_ batch: [Change], _ error: any Error) async {
    logger.error("the store failed to append", metadata: ["error": "\(error)"])
    let handled = loop.submit {
      var tickets: [AppendTicket] = []
      for change in batch + self.appends.takeAll() {
        switch change {
        case .entry(let ticket, _): tickets.append(ticket)
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
    do {
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
    } catch {
      logger.error("the store failed to read", metadata: ["error": "\(error)"])
      return .failed
    }
  }
}

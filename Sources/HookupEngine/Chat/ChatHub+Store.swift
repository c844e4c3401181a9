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
      weight: { $0.append.text.utf8.count })
    {
      let milliseconds = clock()
      do {
        let outcomes = try await store.append(batch.map(\.append), milliseconds: milliseconds)
        guard outcomes.count == batch.count else {
          throw HookupError(
            .storage, "the store answered \(outcomes.count) entries of \(batch.count)")
        }
        let entries = zip(batch, outcomes).map { AppendedEntry($0.ticket, $1) }
        loop.execute { self.handle(.appended(entries, milliseconds: milliseconds)) }
      } catch {
        await failed(batch.map(\.ticket), error)
      }
    }
  }

  /// Everything that waits fails with the batch: were it stored, it would overtake what is sent again.
  private func failed(_ tickets: [AppendTicket], _ error: any Error) async {
    logger.error("the store failed to append", metadata: ["error": "\(error)"])
    let handled = loop.submit {
      self.handle(.appendFailed(tickets + self.appends.takeAll().map(\.ticket)))
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
      case .rooms(let after, let limit):
        return .rooms(try await store.rooms(after: after, limit: limit))
      case .direct(let nick, let limit):
        return .direct(try await store.directRooms(of: nick, limit: limit))
      }
    } catch {
      logger.error("the store failed to read", metadata: ["error": "\(error)"])
      return .failed
    }
  }
}

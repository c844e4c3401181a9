import HookupCore

/// Answers a hub's questions about accounts.
protocol AccountDesk: Sendable {
  func answer(_ question: AccountQuestion) async -> AccountAnswer
  /// A device was here until now.
  func touch(device: String, of nick: Nick) async
}

extension ChatHub {
  /// What the accounts are to do.
  enum AccountErrand: Sendable {
    case question(ReadTicket, AccountQuestion)
    case touch(device: String, of: Nick)
  }

  /// Many at a time; the machine asks once at a time for each connection.
  func answerQuestions() async {
    await withDiscardingTaskGroup { group in
      while let errands = await questions.next() {
        for errand in errands {
          group.addTask { await self.run(errand) }
        }
      }
    }
  }

  private func run(_ errand: AccountErrand) async {
    switch errand {
    case .question(let ticket, let question):
      let answer = await accounts?.answer(question) ?? .failed
      loop.execute { self.handle(.identified(ticket, answer)) }
    case .touch(let device, let nick): await accounts?.touch(device: device, of: nick)
    }
  }
}

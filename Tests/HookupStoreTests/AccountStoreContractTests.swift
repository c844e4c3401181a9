import HookupEngine
import Testing

/// What every store promises of accounts.
@Suite struct AccountStoreContractTests {
  private func account(_ nick: String, skeleton: String? = nil) throws -> Account {
    Account(
      nick: try Nick(nick), skeleton: skeleton ?? nick.lowercased(), passwordHash: "hash",
      created: 5)
  }

  private func device(_ id: String, seen: Int64 = 1) -> AccountDevice {
    AccountDevice(id: id, name: "pc \u{1B}", tokenHash: "t-\(id)", created: 1, seen: seen)
  }

  @Test(arguments: BackEnd.allCases)
  func `an account is made once for a nick, however it is written, and for its likeness`(
    _ backEnd: BackEnd
  ) async throws {
    try await backEnd.withStore { store in
      #expect(try await store.create(account("Élan", skeleton: "elan")) == .created)
      #expect(try await store.create(account("ÉLAN", skeleton: "x")) == .taken)
      // Both spellings of the accented letter are one.
      #expect(try await store.create(account("E\u{301}lan", skeleton: "y")) == .taken)
      #expect(
        try await store.create(account("elan", skeleton: "elan")) == .confusable(try Nick("Élan")))
      let found = try await store.account(of: try Nick("élan"))
      #expect(try found == account("Élan", skeleton: "elan"))
      #expect(try await store.account(of: try Nick("elan")) == nil)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a display name is kept, changed and taken away, and nothing else with it`(
    _ backEnd: BackEnd
  ) async throws {
    try await backEnd.withStore { store in
      var alice = try account("alice")
      alice.displayName = "Alice L."
      _ = try await store.create(alice)
      await #expect(throws: Never.self) {
        try await store.add(device("d"), to: alice.nick)
      }
      for name in ["Alice L.", "Алиса", ""] {
        #expect(
          try await store.update(
            alice.nick, AccountChange(displayName: try DisplayName(name))))
        alice.displayName = name
        #expect(try await store.account(of: alice.nick) == alice)
        #expect(try await store.accounts(after: nil, limit: 9) == [alice])
      }
      #expect(try await store.devices(of: alice.nick).map(\.id) == ["d"])
      #expect(
        try await !store.update(
          try Nick("bob"), AccountChange(displayName: try DisplayName("Bob"))))
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `there are so many accounts at most`(_ backEnd: BackEnd) async throws {
    var limits = ChatStoreLimits()
    limits.maximumAccounts = 2
    try await backEnd.withStore(limits: limits) { store in
      for (nick, outcome) in [
        ("a", AccountCreation.created), ("b", .created), ("c", .full(limit: 2)),
      ] {
        let made = try await store.create(account(nick))
        #expect(made == outcome)
      }
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `accounts are listed by name, in pages`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      for nick in ["dave", "Bob", "alice", "carol"] { _ = try await store.create(account(nick)) }
      #expect(
        try await store.accounts(after: nil, limit: 2).map(\.nick.text) == ["alice", "Bob"])
      #expect(
        try await store.accounts(after: try Nick("BOB"), limit: 9).map(\.nick.text)
          == ["carol", "dave"])
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `a new password forgets all devices but one, in one step`(_ backEnd: BackEnd) async throws {
    try await backEnd.withStore { store in
      let nick = try Nick("alice")
      _ = try await store.create(account("alice"))
      for id in ["1", "2", "3"] { try await store.add(device(id), to: nick) }
      #expect(
        try await store.update(nick, AccountChange(passwordHash: "new", keeping: "2")) == true)
      #expect(try await store.devices(of: nick) == [device("2")])
      #expect(try await store.account(of: nick)?.passwordHash == "new")
      _ = try await store.update(nick, AccountChange(passwordHash: "newer", isRehash: true))
      #expect(try await store.account(of: nick)?.passwordHash == "newer")
      #expect(try await store.devices(of: nick) == [device("2")])
      #expect(
        try await store.update(try Nick("bob"), AccountChange(isOperator: true))
          == false)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `an account may be an operator's, and be disabled and enabled`(_ backEnd: BackEnd)
    async throws
  {
    try await backEnd.withStore { store in
      let nick = try Nick("alice")
      _ = try await store.create(account("alice"))
      try await store.add(device("1"), to: nick)
      _ = try await store.update(
        nick, AccountChange(isOperator: true, disabled: "left"))
      let disabled = try await store.account(of: nick)
      #expect(disabled?.isOperator == true && disabled?.disabled == "left")
      #expect(try await store.devices(of: nick).isEmpty)
      _ = try await store.update(nick, AccountChange(disabled: ""))
      #expect(try await store.account(of: nick)?.disabled == nil)
    }
  }

  @Test(arguments: BackEnd.allCases)
  func `the device unseen for the longest time makes room`(_ backEnd: BackEnd) async throws {
    var limits = ChatStoreLimits()
    limits.devicesPerAccount = 2
    try await backEnd.withStore(limits: limits) { store in
      let nick = try Nick("alice")
      _ = try await store.create(account("alice"))
      try await store.add(device("1", seen: 5), to: nick)
      try await store.add(device("2", seen: 3), to: nick)
      try await store.add(device("3", seen: 9), to: nick)
      #expect(try await store.devices(of: nick).map(\.id) == ["1", "3"])
      try await store.touch(device: "1", of: nick, milliseconds: 50)
      try await store.touch(device: "1", of: try Nick("bob"), milliseconds: 90)
      #expect(try await store.devices(of: nick).first?.seen == 50)
      #expect(try await store.account(of: nick)?.seen == 50)
      #expect(try await store.remove(device: "3", of: try Nick("bob")) == false)
      #expect(try await store.remove(device: "3", of: nick) == true)
      #expect(try await store.remove(device: "3", of: nick) == false)
      #expect(try await store.devices(of: nick).map(\.id) == ["1"])
    }
  }
}

import HookupCore
import Synchronization
import Testing

@testable import HookupEngine

@Suite struct AccountServiceTests {
  private let store = MemoryChatStore()
  private let log = AuditLog()
  private let alice = try! Nick("alice")

  private func service(
    _ change: (inout AccountSettings) -> Void = { _ in }
  ) -> AccountService {
    var settings = AccountSettings()
    settings.passwordCost = .init(logN: 10, r: 8, p: 1)
    change(&settings)
    return AccountService(store: store, settings: settings, clock: { 1_000 }, audit: log.take)
  }

  private func register(_ nick: String, _ service: AccountService) async throws -> ChatAccount? {
    let answer = await service.answer(
      .register(try Nick(nick), password: "correct horse", device: "pc", address: nil))
    if case .account(let account) = answer { return account }
    return nil
  }

  private func hello(
    _ service: AccountService, _ nick: String, _ credential: ChatHello.Credential? = nil,
    from address: String? = nil
  ) async throws -> AccountAnswer {
    await service.answer(
      .hello(
        ChatHello(nick: try Nick(nick), client: nil, credential: credential, device: "phone"),
        address: address))
  }

  @Test func `a display name is kept and told at each login and to who asks`() async throws {
    let service = service()
    let made = try #require(try await register("alice", service))
    let name = try DisplayName("Alice L.")
    #expect(await service.answer(.rename(alice, name)) == .renamed(name))
    let again = try await hello(service, "alice", .token(try #require(made.token)))
    #expect(
      again
        == .account(ChatAccount(nick: alice, device: made.device, displayName: "Alice L.")))
    #expect(
      await service.answer(.whois(alice))
        == .person(alice, isAccount: true, seen: 1_000, displayName: "Alice L."))
    let nobody = await service.answer(.rename(try Nick("bob"), name))
    #expect(code(nobody) == "needs_account")
  }

  @Test func `a guest registers and logs in by password and by token`() async throws {
    let service = service()
    #expect(try await hello(service, "alice") == .guest)
    let made = try #require(try await register("alice", service))
    #expect(made.token?.count == 64)
    #expect(try await code(hello(service, "ALICE")) == "nick_registered")
    guard
      case .account(let phone) = try await hello(service, "alice", .password("correct horse"))
    else {
      Issue.record("not logged in")
      return
    }
    #expect(phone.device != made.device && phone.token != made.token)
    let again = try await hello(service, "alice", .token(try #require(phone.token)))
    // The token is told once.
    #expect(again == .account(ChatAccount(nick: alice, device: phone.device)))
    guard case .devices(let devices) = await service.answer(.devices(alice, device: phone.device))
    else { return }
    #expect(devices.map(\.name) == ["pc", "phone"] && devices.map(\.isThis) == [false, true])
    // Neither password nor token is kept.
    let kept = try await store.devices(of: alice)
    #expect(kept.allSatisfy { $0.tokenHash.count == 64 && $0.tokenHash != phone.token })
    #expect(log.events == [.register, .login])
  }

  @Test func `a wrong password and an unknown nick are refused in the same words`() async throws {
    let service = service()
    _ = try await register("alice", service)
    let wrong = try await hello(service, "alice", .password("wrong horse"))
    let unknown = try await hello(service, "alicf", .password("wrong horse"))
    guard case .refused(let first) = wrong, case .refused(let second) = unknown else {
      Issue.record("let in")
      return
    }
    #expect(first.code == .wrongPassword && second.code == .wrongPassword)
    #expect(
      first.message.replacing("alice", with: "N") == second.message.replacing("alicf", with: "N"))
    #expect(try await code(hello(service, "alice", .token("0"))) == "not_logged_in")
    #expect(try await code(hello(service, "nobody2", .token("0"))) == "not_logged_in")
    #expect(log.events == [.register, .loginFailed, .loginFailed, .loginFailed, .loginFailed])
  }

  @Test func `too many attempts are refused before the password is looked at`() async throws {
    let service = service { $0.loginsPerAccount = (burst: 2, seconds: 60) }
    _ = try await register("alice", service)
    for _ in 1...2 { _ = try await hello(service, "alice", .password("wrong horse")) }
    let right = try await hello(service, "alice", .password("correct horse"))
    guard case .refused(let refusal) = right else {
      Issue.record("let in")
      return
    }
    #expect(refusal.code == .tooManyAttempts)
    #expect(refusal.message.hasPrefix("too many attempts: try again in "))
    // A device that is logged in is not kept out.
    let other = self.service { $0.registrationsPerAddress = (burst: 1, seconds: 60) }
    let first = await other.answer(
      .register(try Nick("bob"), password: "correct horse", device: "", address: "192.0.2.1"))
    let second = await other.answer(
      .register(try Nick("carol"), password: "correct horse", device: "", address: "192.0.2.1"))
    #expect(code(first) == nil && code(second) == "too_many_attempts")
  }

  @Test func `what nobody may be is refused to guests and to accounts`() async throws {
    let service = service()
    _ = try await register("alice", service)
    #expect(try await code(hello(service, "Server")) == "nick_reserved")
    #expect(try await code(hello(service, "bоb")) == "nick_confusable")
    func made(_ nick: String, _ password: String = "correct horse") async throws -> String? {
      code(
        await service.answer(
          .register(try Nick(nick), password: password, device: "", address: nil)))
    }
    #expect(try await made("a1ice") == "nick_confusable")
    #expect(try await made("Alice") == "nick_registered")
    #expect(try await made("bob", "short") == "bad_password")
    let closed = self.service { $0.allowsRegistration = false }
    #expect(
      code(
        await closed.answer(
          .register(try Nick("bob"), password: "correct horse", device: "", address: nil)))
        == "needs_account")
  }

  @Test func `a new password logs the other devices out`() async throws {
    let service = service()
    let pc = try #require(try await register("alice", service))
    _ = try await hello(service, "alice", .password("correct horse"))
    func change(_ old: String, _ new: String) async -> AccountAnswer {
      await service.answer(
        .password(alice, device: pc.device, old: old, new: new, address: nil))
    }
    #expect(code(await change("wrong horse", "new horse")) == "wrong_password")
    #expect(code(await change("correct horse", "short")) == "bad_password")
    #expect(
      await change("correct horse", "new horse")
        == .account(ChatAccount(nick: alice, device: pc.device)))
    #expect(try await store.devices(of: alice).map(\.id) == [pc.device])
    #expect(
      try await code(hello(service, "alice", .password("correct horse"))) == "wrong_password")
    #expect(try await code(hello(service, "alice", .password("new horse"))) == nil)
  }

  @Test func `a device is revoked by its id`() async throws {
    let service = service()
    let pc = try #require(try await register("alice", service))
    #expect(
      await service.answer(.revoke(alice, device: pc.device, own: pc.device))
        == .revoked(device: pc.device))
    #expect(
      try await code(hello(service, "alice", .token(try #require(pc.token)))) == "not_logged_in")
    #expect(
      code(await service.answer(.revoke(alice, device: "?", own: "?"))) == "not_logged_in")
  }

  @Test func `a hash of another strength is made anew at the next login, and nobody is logged out`()
    async throws
  {
    let pc = try #require(try await register("alice", service()))
    let before = try await store.account(of: alice)?.passwordHash
    let stronger = service { $0.passwordCost = .init(logN: 11, r: 8, p: 1) }
    #expect(try await code(hello(stronger, "alice", .password("correct horse"))) == nil)
    let after = try await store.account(of: alice)?.passwordHash
    #expect(before != after && after?.hasPrefix("$7$9") == true)
    #expect(try await store.devices(of: alice).contains { $0.id == pc.device })
  }

  @Test func `an operator is an account that the configuration names`() async throws {
    let plain = try await register("alice", service())
    #expect(plain?.isOperator == false)
    let service = service { $0.operators = ["alice"] }
    guard case .account(let account) = try await hello(service, "alice", .password("correct horse"))
    else {
      Issue.record("not let in")
      return
    }
    #expect(account.isOperator)
    guard
      case .account(let again) = try await hello(
        service, "alice", .token(try #require(account.token)))
    else { return }
    #expect(again.isOperator)
  }

  @Test func `a disabled account lets nobody in`() async throws {
    let service = service()
    let pc = try #require(try await register("alice", service))
    _ = try await store.update(alice, AccountChange(disabled: "left"))
    #expect(
      try await code(hello(service, "alice", .password("correct horse"))) == "account_disabled")
    #expect(
      try await code(hello(service, "alice", .token(try #require(pc.token)))) == "not_logged_in")
  }

  @Test func `a store that fails is no refusal`() async throws {
    await store.close()
    #expect(try await hello(service(), "alice") == .failed)
  }

  private func code(_ answer: AccountAnswer) -> String? {
    if case .refused(let refusal) = answer { refusal.code.rawValue } else { nil }
  }
}

private final class AuditLog: Sendable {
  private let records = Mutex<[AuditRecord]>([])
  @Sendable func take(_ record: AuditRecord) { records.withLock { $0.append(record) } }
  var events: [AuditRecord.Event] { records.withLock { $0.map(\.event) } }
}

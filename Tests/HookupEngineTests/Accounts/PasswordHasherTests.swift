import HookupCore
import Testing

@testable import HookupEngine

@Suite struct PasswordHasherTests {
  private static let cheap = PasswordHasher.Cost(logN: 10, r: 8, p: 1)
  private let hasher = PasswordHasher(cost: cheap)

  /// Made by another implementation of RFC 7914.
  private let known =
    "$7$86..../....abcdefghijklmnopqrstuv$MYkUGSG2/MCt1M4Nqk20ReN72Ox0o85Xt3VMQTUecpD"

  @Test func `a hash is scrypt's`() async throws {
    let right = try Password("correct horse")
    #expect(try await hasher.verify(right, against: known) == .right)
    #expect(try await hasher.verify(try Password("correct horsf"), against: known) == .wrong)
  }

  @Test func `a hash of its own is right, with a salt each time`() async throws {
    let password = try Password("pässwörd")
    let one = try await hasher.hash(password)
    let two = try await hasher.hash(password)
    #expect(one != two && one.hasPrefix("$7$86..../....") && one.utf8.count == two.utf8.count)
    #expect(try await hasher.verify(password, against: one) == .right)
  }

  @Test func `a hash of another cost is right but old`() async throws {
    let other = PasswordHasher(cost: .init(logN: 11, r: 8, p: 1))
    #expect(try await other.verify(try Password("correct horse"), against: known) == .rightButOld)
  }

  @Test func `nobody's password is wrong, and so is a hash that is none`() async throws {
    let password = try Password("correct horse")
    #expect(try await hasher.verify(password, against: nil) == .wrong)
    for hash in ["", "x", "*0", "$7$", "$1$abc$def"] {
      // Whatever crypt makes of it.
      let verdict = try? await hasher.verify(password, against: hash)
      #expect(verdict == .wrong || verdict == nil)
    }
  }

  @Test func `more than may wait are refused`() async throws {
    let password = try Password("correct horse")
    let refused = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<(PasswordHasher.maximumWaiting + 40) {
        group.addTask {
          do throws(HookupError) {
            _ = try await hasher.hash(password)
            return false
          } catch { return error.code == .unavailable }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(refused > 0 && refused <= 40)
  }

  @Test func `equal is equal, however long`() {
    #expect(PasswordHasher.areEqual("", "") && PasswordHasher.areEqual("ab", "ab"))
    #expect(!PasswordHasher.areEqual("ab", "ac") && !PasswordHasher.areEqual("ab", "abc"))
  }
}

import CCrypt
import HookupCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes and checks the hashes of passwords: scrypt (RFC 7914) in crypt(5)'s form `$7$`, on a thread of its own.
public final class PasswordHasher: Sendable {
  /// What one hash costs.
  public struct Cost: Hashable, Sendable {
    /// N as a power of two, 10 to 24. Each one more doubles time and memory.
    public var logN: Int
    public var r: Int
    public var p: Int

    /// What OWASP recommends: N = 2^17, r = 8, p = 1. 128 MiB for each hash under way, about 0.3 s.
    public static let standard = Cost(logN: 17, r: 8, p: 1)

    public init(logN: Int, r: Int, p: Int) {
      self.logN = logN
      self.r = r
      self.p = p
    }
  }

  public enum Verdict: Hashable, Sendable {
    case right
    /// Right, and the hash was made at another cost: make a new one.
    case rightButOld
    case wrong
  }

  /// Hashes that may wait for the thread; one more is refused.
  public static let maximumWaiting = 64

  private let cost: Cost
  private let pool: NIOThreadPool
  private let waiting = Mutex(0)
  /// For names that do not exist, so that they take as long.
  private let decoy: String

  /// - Parameter threads: 1 or 2. Each has one hash under way, and its memory.
  public init(cost: Cost = .standard, threads: Int = 1) {
    self.cost = cost
    pool = NIOThreadPool(numberOfThreads: min(max(1, threads), 2))
    decoy = Self.setting(cost, salt: Self.salt()) + "$" + String(repeating: ".", count: 43)
    pool.start()
  }

  deinit {
    let pool = pool
    Task { try? await pool.shutdownGracefully() }
  }

  /// The hash of a password with a new salt of 128 random bits.
  /// - Throws: ``HookupError/Code/unavailable`` when too many wait.
  public func hash(_ password: Password) async throws(HookupError) -> String {
    let setting = Self.setting(cost, salt: Self.salt())
    return try await run { () throws(HookupError) in try Self.crypt(password, setting) }
  }

  /// Whether `password` is the one that `hash` was made of; nil takes as long, and is wrong.
  public func verify(
    _ password: Password, against hash: String?
  ) async throws(HookupError) -> Verdict {
    let expected = hash ?? decoy
    let found = try await run { () throws(HookupError) in try Self.crypt(password, expected) }
    guard Self.areEqual(found, expected), hash != nil else { return .wrong }
    return expected.hasPrefix(Self.setting(cost, salt: "")) ? .right : .rightButOld
  }

  private func run(
    _ body: @escaping @Sendable () throws(HookupError) -> String
  ) async throws(HookupError) -> String {
    let mayWait = waiting.withLock { waiting in
      guard waiting < Self.maximumWaiting else { return false }
      waiting += 1
      return true
    }
    guard mayWait else {
      throw HookupError(.unavailable, "too many log in at this moment: try again in a few seconds")
    }
    defer { waiting.withLock { $0 -= 1 } }
    do {
      return try await pool.runIfActive(body)
    } catch {
      throw (error as? HookupError) ?? HookupError(.closed, "the server stops")
    }
  }

  // MARK: crypt(3)

  private static func crypt(
    _ password: Password, _ setting: String
  ) throws(HookupError) -> String {
    // 32 KiB of scratch, which hold the password's traces: not on the stack, and wiped.
    let size = MemoryLayout<crypt_data>.size
    let data = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    memset(data, 0, size)
    defer {
      explicit_bzero(data, size)
      data.deallocate()
    }
    let output = String(password.utf8).withCString { phrase in
      setting.withCString { crypt_rn(phrase, $0, data, Int32(size)) }
    }
    guard let output, output.pointee != UInt8(ascii: "*") else {
      throw HookupError(
        .storage, "a password cannot be hashed (errno \(errno)): is there memory for it?")
    }
    return String(cString: output)
  }

  private static let digits = Array(
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

  /// `$7$`, N, r and p in crypt's 64 digits, the least first, and the salt.
  private static func setting(_ cost: Cost, salt: String) -> String {
    func thirtyBits(_ number: Int) -> String {
      String((0..<5).map { digits[number >> (6 * $0) & 63] })
    }
    return "$7$" + String(digits[min(max(1, cost.logN), 63)]) + thirtyBits(cost.r)
      + thirtyBits(cost.p) + salt
  }

  private static func salt() -> String {
    var generator = SystemRandomNumberGenerator()
    // 22 digits of 6 bits each.
    return String((0..<22).map { _ in digits.randomElement(using: &generator) ?? "." })
  }

  /// Takes as long wherever they differ.
  static func areEqual(_ left: String, _ right: String) -> Bool {
    guard left.utf8.count == right.utf8.count else { return false }
    return zip(left.utf8, right.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

import Glibc
import HookupEngine
import Synchronization

/// An IRC server (RFC 2812) for one client: it welcomes, lets join, answers PING, and says what it is told to.
///
/// Its two threads block in reads; what is said is written by the caller's.
final class IRCLines: LineSource {
  static let channel = "#ops"
  let port: Int

  private struct State {
    var client: Int32 = -1
    var nick = "alice"
    var hasJoined = false
    var waiters: [CheckedContinuation<Void, Never>] = []
    var isClosed = false
  }

  private let listener: Int32
  private let state = Mutex(State())

  /// Listens on a free port of this machine.
  /// - Throws: ``HookupError/Code/bindFailed``.
  init() throws(HookupError) {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) == 0 && listen(listener, 4) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    guard isBound else {
      Glibc.close(listener)
      throw HookupError(
        .bindFailed, "the IRC server has no port: \(String(cString: strerror(errno)))")
    }
    OwnThread.run { [self] in accept() }
  }

  /// Ends the threads; the client sees its connection end.
  func close() {
    let client = state.withLock { state in
      state.isClosed = true
      return state.client
    }
    shutdown(listener, Int32(SHUT_RDWR))
    if client >= 0 { shutdown(client, Int32(SHUT_RDWR)) }
  }

  func waitForReader() async throws {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if !state.hasJoined { state.waiters.append(continuation) }
        return state.hasJoined
      }
      if isThere { continuation.resume() }
    }
  }

  func say(_ lines: [String]) async throws {
    let text = lines.map { ":bob!bob@bench PRIVMSG \(Self.channel) :\($0)\r\n" }.joined()
    let client = state.withLock { $0.client }
    await withCheckedContinuation { continuation in
      let hasThread = OwnThread.run {
        Streams.write(text, to: client)
        continuation.resume()
      }
      if !hasThread { continuation.resume() }
    }
  }

  // MARK: - The client's side

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { break }
      _ = fcntl(client, F_SETFD, FD_CLOEXEC)
      state.withLock { state in
        state.client = client
        state.hasJoined = false
      }
      serve(client)
      Glibc.close(client)
    }
    Glibc.close(listener)
  }

  private func serve(_ client: Int32) {
    var rest: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while rest.count < 65_536 {
      let count = read(client, &chunk, chunk.count)
      guard count > 0 else { return }
      rest += chunk[..<count]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: rest[..<end], as: UTF8.self).filter { $0 != "\r" }
        rest.removeSubrange(...end)
        for answer in answers(to: line) { Streams.write(answer + "\r\n", to: client) }
      }
    }
  }

  private func answers(to line: String) -> [String] {
    let words = line.split(separator: " ", maxSplits: 2).map(String.init)
    let nick = state.withLock { $0.nick }
    switch words.first?.uppercased() {
    case "CAP" where words.dropFirst().first == "LS": return [":bench CAP * LS :"]
    case "NICK":
      state.withLock { $0.nick = words.count > 1 ? words[1] : "alice" }
      return []
    case "USER":
      return [
        ":bench 001 \(nick) :Welcome", ":bench 002 \(nick) :Your host is bench",
        ":bench 003 \(nick) :This server was made for measuring",
        ":bench 004 \(nick) bench 1 i nt",
        ":bench 005 \(nick) CHANTYPES=# PREFIX=(ov)@+ NICKLEN=32 :are supported",
        ":bench 422 \(nick) :No message of the day",
      ]
    case "JOIN":
      let waiters = state.withLock { state in
        state.hasJoined = true
        defer { state.waiters = [] }
        return state.waiters
      }
      for waiter in waiters { waiter.resume() }
      return [
        ":\(nick)!\(nick)@bench JOIN \(Self.channel)",
        ":bench 353 \(nick) = \(Self.channel) :\(nick) bob carol",
        ":bench 366 \(nick) \(Self.channel) :End of names",
      ]
    case "MODE": return [":bench 324 \(nick) \(Self.channel) +nt"]
    case "WHO": return [":bench 315 \(nick) \(Self.channel) :End of WHO"]
    case "PING": return [":bench PONG bench \(words.dropFirst().joined(separator: " "))"]
    default: return []
    }
  }
}

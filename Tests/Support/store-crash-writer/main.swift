// Writes transactions of every kind to the store in the directory that is the first argument, numbered from the second argument on,
// and says on standard output which are confirmed. So many microseconds, the fourth argument, after as many of them as the
// third says it dies. After none: so long after it began to open the store.

import HookupEngine
import HookupSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One call to the system, so that a line is whole or not there.
@Sendable func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(1, bytes, bytes.count)
}

/// One transaction of each kind: talk, moderation, what is about messages, marks, accounts, devices, and letting go.
@Sendable func step(_ number: Int, _ store: SQLiteChatStore) async throws {
  let owner = try Nick("owner")
  let guest = try Nick("guest\(number)")
  let client = try ClientID(String(repeating: "a", count: 32))
  var id = 0
  func act(_ act: RoomAct, _ room: String, by nick: Nick) throws -> RoomChange {
    id += 1
    return .append(
      RoomAppend(
        key: RoomKey(try RoomName(room), for: nick), act: act,
        id: try MessageID("\(number)-\(id)"), client: client, from: nick, isAccount: true))
  }
  func account(_ nick: Nick) -> Account {
    Account(nick: nick, skeleton: nick.folded, passwordHash: "hash", created: Int64(number))
  }
  _ = try await store.create(account(owner))
  guard try await store.create(account(guest)) == .created else { return }
  try await store.add(
    AccountDevice(
      id: "device\(number)", name: "pc", tokenHash: "hash", created: 1, seen: Int64(number)),
    to: guest)
  let rules = try await store.append(
    [
      act(RoomAct(.created, settings: .init(access: .hidden)), "rules", by: owner),
      act(RoomAct(.invited, nick: guest), "rules", by: owner),
      act(.say("word\(number) one"), "rules", by: guest),
      act(RoomAct(.rank, nick: guest, rank: .voice), "rules", by: owner),
    ], milliseconds: Int64(number))
  guard case .stored(let offset, _) = rules[2] else {
    throw HookupError(.storage, "a guest was not let in: \(rules)")
  }
  _ = try await store.append(
    [
      act(RoomAct(.edited, text: "word\(number) two", ref: offset), "rules", by: guest),
      act(RoomAct(.reacted, text: "+", ref: offset), "rules", by: owner),
      act(
        number % 3 == 0 ? RoomAct(.deleted, ref: offset) : .topic("t\(number)"), "rules", by: owner),
      .marker(
        ReadMark(
          person: owner.folded, key: RoomKey(try RoomName("rules"), for: owner), offset: offset)),
      act(
        number % 2 == 0 ? RoomAct(.kicked, nick: guest) : RoomAct(.banned, nick: guest, seconds: 9),
        "rules", by: owner),
    ], milliseconds: Int64(number))
  _ = try await store.append(
    (0..<200).map { try act(.say("talk\(number) \($0)"), "talk", by: guest) },
    milliseconds: Int64(number))
  if number % 5 == 0 {
    // Of the rules every entry stays: they are compared with what they made of the room.
    _ = try await store.trim(
      RoomRetention(entries: 2_000), milliseconds: Int64(number), maximumEntries: 500)
  }
}

/// Kills this process after so many microseconds, wherever it is then: the alarm's default is death, and nothing is tidied up.
@Sendable func dieIn(microseconds: Int) {
  let time = timeval(
    tv_sec: microseconds / 1_000_000, tv_usec: numericCast(microseconds % 1_000_000))
  // Who started this may have blocked signals, and those stay blocked.
  var alarm = sigset_t()
  sigemptyset(&alarm)
  sigaddset(&alarm, SIGALRM)
  pthread_sigmask(SIG_UNBLOCK, &alarm, nil)
  // A timer of zero is none.
  if microseconds == 0 { kill(getpid(), SIGALRM) }
  var timer = itimerval(it_interval: timeval(), it_value: time)
  // ITIMER_REAL, which Swift sees as an enum here and as a number there.
  setitimer(0, &timer, nil)
}

let numbers = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
guard numbers.count == 3 else { exit(64) }
let (first, steps, microseconds) = (numbers[0], numbers[1], numbers[2])
do {
  if steps == 0 { dieIn(microseconds: microseconds) }
  let store = try SQLiteChatStore(directory: CommandLine.arguments[1])
  if steps == 0 { exit(0) }
  for number in first... {
    try await step(number, store)
    say("\(number)")
    if number == first + steps - 1 { dieIn(microseconds: microseconds) }
  }
} catch {
  say("failed: \(error)")
  exit(1)
}

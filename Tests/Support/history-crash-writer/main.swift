// Keeps a room's entries in the history in the directory that is the first argument, from where it is held on, as fast as it takes
// them, and dies so many microseconds, the second argument, after it began.

import HookupEngine
import HookupSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Kills this process after so many microseconds, wherever it is then: the alarm's default is death, and nothing is tidied up.
func dieIn(microseconds: Int) {
  // Who started this may have blocked signals, and those stay blocked.
  var alarm = sigset_t()
  sigemptyset(&alarm)
  sigaddset(&alarm, SIGALRM)
  pthread_sigmask(SIG_UNBLOCK, &alarm, nil)
  let time = timeval(
    tv_sec: microseconds / 1_000_000, tv_usec: numericCast(microseconds % 1_000_000))
  var timer = itimerval(it_interval: timeval(), it_value: time)
  // ITIMER_REAL, which Swift sees as an enum here and as a number there.
  setitimer(0, &timer, nil)
}

guard CommandLine.arguments.count == 3, let microseconds = Int(CommandLine.arguments[2]),
  microseconds > 0
else { exit(64) }
let room = try RoomName("ops")
let bob = try Nick("bob")
dieIn(microseconds: microseconds)
// Few entries, so that the oldest go all the time, too.
var limits = LocalHistory.Limits()
limits.entriesPerRoom = 3_000
let history = LocalHistory(
  directory: CommandLine.arguments[1], nick: try Nick("alice"), limits: limits
) { problem in
  let bytes = Array((problem + "\n").utf8)
  _ = write(1, bytes, bytes.count)
}
let held = await history.held()
if held.server == nil { history.take(.server("s1")) }
for offset in ((held.rooms[room] ?? 0) + 1)... {
  // Every tenth is about the one nine before it.
  let act =
    offset % 10 == 0
    ? RoomAct(.edited, text: "new \(offset - 9)", ref: offset - 9) : .say("text \(offset)")
  history.take(
    .entry(
      RoomEntry(
        room: room, offset: offset, act: act, id: try MessageID("m\(offset)"), from: bob,
        milliseconds: Int64(offset))))
  await history.waitForRoom()
}

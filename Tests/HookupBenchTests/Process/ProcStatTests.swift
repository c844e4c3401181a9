import Glibc
import Testing

@testable import hookup_bench

@Suite struct ProcStatTests {
  @Test(arguments: ["node", "tmux: server", "a) (b", ""])
  func `times and threads are read, whatever the program is called`(_ name: String) {
    let line =
      "4711 (\(name)) S 1 4711 4711 0 -1 4194560 1500 0 3 0 250 75 9 8 20 0 12 0 93021 1e9 4000 1\n"
    let stat = ProcStat(parsing: line)
    #expect(stat?.userTicks == 250)
    #expect(stat?.systemTicks == 75)
    #expect(stat?.threads == 12)
  }

  @Test(arguments: ["", "4711", "4711 (a) S 1 2", "1 (a) S 1 2 3 4 5 6 7 8 9 10 x y 1 1 1 1 1 1 1"])
  func `anything else is nothing`(_ text: String) {
    #expect(ProcStat(parsing: text) == nil)
  }

  @Test func `memory is read from both files`() {
    let rollup = "5581-7ffd ---p 00000000 00:00 0  [rollup]\nRss:    5120 kB\nPss:    1234 kB\n"
    let memory = ProcMemory(parsing: rollup)
    #expect(memory?.residentKiB == 5_120)
    #expect(memory?.proportionalKiB == 1_234)
    let status = ProcMemory(parsing: "Name:\tx\nVmHWM:\t  99 kB\nVmRSS:\t  77 kB\nThreads:\t1\n")
    #expect(status?.residentKiB == 77)
    #expect(status?.proportionalKiB == nil)
    #expect(ProcMemory(parsing: "VmHWM: 99 kB\n") == nil)
  }

  @Test func `this process has CPU time, memory and descriptors`() throws {
    let probe = ProcessProbe(pid: Int(getpid()))
    let before = try #require(probe.cpuSeconds())
    var sum: UInt64 = 0
    while try #require(probe.cpuSeconds()) - before < 0.03 {
      for i in 0..<100_000 { sum &+= UInt64(i) }
    }
    #expect(ThisProcess.cpuSeconds() >= 0.02)
    #expect(try #require(probe.memory()).residentKiB > 1_000)
    let descriptors = try #require(probe.descriptors())
    #expect(descriptors >= 3)
    #expect(sum > 0)
  }

  @Test func `a process that is not there has nothing`() {
    let probe = ProcessProbe(pid: Int(Int32.max))
    #expect(probe.cpuSeconds() == nil)
    #expect(probe.memory() == nil)
    #expect(probe.descriptors() == nil)
  }
}

import Testing

@testable import hookup_chat

@Suite struct DurationOptionTests {
  @Test(
    arguments: [
      ("500ms", .milliseconds(500)), ("5s", .seconds(5)), ("5", .seconds(5)),
      ("1.5", .milliseconds(1_500)), ("2m", .seconds(120)), ("1h", .seconds(3_600)),
      ("0", .zero), ("0.25s", .milliseconds(250)), ("24000h", .seconds(86_400_000)),
    ] as [(String, Duration)])
  func `a time is read in its unit, seconds when it has none`(text: String, duration: Duration) {
    #expect(DurationOption(argument: text)?.duration == duration)
  }

  @Test(arguments: [
    "", "s", "ms", "-1", "-1s", "1d", "5 s", "5S", "1.2.3", ".", "1e3", "inf", "nan", "٥s",
    "24001h", "86400001", "99999999999999999999999999h",
  ])
  func `what is no time, or more than a thousand days, is refused`(text: String) {
    #expect(DurationOption(argument: text) == nil)
  }

  @Test func `help shows seconds`() {
    #expect(DurationOption(seconds: 90).defaultValueDescription == "90s")
  }
}

@Suite struct WaitOptionTests {
  @Test(
    arguments: [
      (["send", "--wait"], ["send", "--wait=60s"]),
      (["--wait", "--nick", "a"], ["--wait=60s", "--nick", "a"]),
      (["--wait", "ws://host/"], ["--wait=60s", "ws://host/"]),
      (["--wait", "10s"], ["--wait", "10s"]),
      (["--wait=10s", "x"], ["--wait=10s", "x"]),
      (["--", "--wait"], ["--", "--wait"]),
      (["--wait", "--", "--wait"], ["--wait=60s", "--", "--wait"]),
      (["--waiting"], ["--waiting"]),
      ([], []),
    ] as [([String], [String])])
  func `alone it means sixty seconds, and a value of its own is kept`(
    arguments: [String], spelled: [String]
  ) {
    #expect(WaitOption.spelledOut(arguments) == spelled)
  }
}

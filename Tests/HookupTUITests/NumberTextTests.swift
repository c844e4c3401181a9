import HookupCore
import Testing

@testable import HookupTUI

@Suite struct NumberTextTests {
  @Test func `lengths of time are short`() {
    #expect(NumberText.age(.milliseconds(310), decimals: 2) == "0.31s")
    #expect(NumberText.age(.milliseconds(9_999)) == "9.9s")
    #expect(NumberText.age(.seconds(10)) == "10s")
    #expect(NumberText.age(.seconds(100)) == "1m")
    #expect(NumberText.age(.seconds(6_000)) == "1h")
    #expect(NumberText.age(.seconds(200_000)) == "2d")
    #expect(NumberText.age(.seconds(-5)) == "0.0s")
    #expect(NumberText.roundTrip(.microseconds(412)) == "0.4ms")
    #expect(NumberText.roundTrip(.milliseconds(42)) == "42ms")
    #expect(NumberText.roundTrip(.milliseconds(1_300)) == "1.3s")
    #expect(NumberText.uptime(.seconds(862)) == "00:14:22")
    #expect(NumberText.uptime(.seconds(3 * 86_400 + 4 * 3600 + 11 * 60)) == "3d 04:11")
  }

  @Test func `a countdown reaches zero when the time comes`() {
    #expect(NumberText.countdown(.milliseconds(3_200)) == "3.2s")
    #expect(NumberText.countdown(.milliseconds(3_101)) == "3.2s")
    #expect(NumberText.countdown(.milliseconds(1)) == "0.1s")
    #expect(NumberText.countdown(.zero) == "now")
    #expect(NumberText.countdown(.milliseconds(10_001)) == "11s")
    #expect(NumberText.countdown(.seconds(3_600)) == "60m")
  }

  @Test func `sizes are in thousands`() {
    #expect(NumberText.bytes(0) == "0 B")
    #expect(NumberText.bytes(999) == "999 B")
    #expect(NumberText.bytes(3_100) == "3.1 kB")
    #expect(NumberText.bytes(14_200) == "14 kB")
    #expect(NumberText.bytes(64_000_000) == "64 MB")
    #expect(NumberText.bytes(1_500_000) == "1.5 MB")
    #expect(NumberText.bytes(.max) == "9223 PB")
    #expect(NumberText.bytes(-1) == "0 B")
    #expect(NumberText.percent(36, of: 100) == 36)
    #expect(NumberText.percent(5, of: 0) == 0)
    #expect(NumberText.percent(.max, of: 1) == 100)
    #expect(NumberText.unread(100) == "99+")
  }

  @Test func `dates are those of the calendar`() {
    #expect(NumberText.date(day: 0) == "Thu 1 Jan 1970")
    #expect(NumberText.date(day: 20_780) == "Mon 23 Nov 2026")
    #expect(NumberText.date(day: 19_782) == "Thu 29 Feb 2024")
    #expect(NumberText.date(day: -1) == "Wed 31 Dec 1969")
    #expect(NumberText.date(day: 11_016) == "Tue 29 Feb 2000")
    #expect(NumberText.day(-1, 0) == -1)
    #expect(NumberText.day(86_399_999, 1) == 1)
    #expect(NumberText.clock(-1, 0) == "23:59")
    #expect(NumberText.clock(Stage.noon, 3_600) == "13:00")
    #expect(NumberText.clock(.max, .max).count == 5)
    #expect(!NumberText.date(day: NumberText.day(.min, .min)).isEmpty)
  }
}

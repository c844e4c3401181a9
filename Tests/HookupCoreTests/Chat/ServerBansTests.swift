import Testing

@testable import HookupCore

@Suite struct ServerBansTests {
  private func bans(_ all: ServerBan...) throws -> ServerBans {
    var bans = ServerBans()
    for ban in all { try bans.apply(.add(ban), at: 0) }
    return bans
  }

  @Test func `a newcomer from a banned address is told why and until when`() throws {
    let bans = try bans(
      ServerBan("192.0.2.7", reason: "spam"), ServerBan("10.0.0.0/8", until: 86_400_000),
      ServerBan("2001:db8::/32"))
    for (address, sentence) in [
      ("192.0.2.7", "your address is banned: spam"), ("192.0.2.8", nil),
      ("10.1.2.3", "your address is banned until 1970-01-02T00:00:00.000Z"),
      ("2001:db8:1:2::/64", "your address is banned"), ("2001:db9:1:2::/64", nil), ("", nil),
    ] {
      #expect(bans.refusal(of: address, at: 86_399_999) == sentence, "\(address)")
    }
    #expect(bans.refusal(of: nil, at: 0) == nil)
    #expect(bans.refusal(of: "10.1.2.3", at: 86_400_000) == nil)
  }

  @Test func `addresses have one spelling, and of the newer protocol one customer's are one`()
    throws
  {
    for (text, spelling) in [
      ("10.9.8.7/8", "10.0.0.0/8"), ("192.0.2.7/32", "192.0.2.7"),
      ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:DB8::1", "2001:db8:0:0:0:0:0:0/64"),
      ("2001:db8:0:0:0:0:0:0/64", "2001:db8:0:0:0:0:0:0/64"),
      ("2001:db8::1/32", "2001:db8:0:0:0:0:0:0/32"),
    ] {
      #expect(try ServerBan(text).addresses == spelling)
    }
    var bans = try bans(ServerBan("2001:db8::1"))
    #expect(bans.refusal(of: "2001:db8:0:0::/64", at: 0) != nil)
    try bans.apply(.remove("2001:db8::ffff"), at: 0)
    #expect(bans.list.isEmpty)
  }

  @Test func `what is no address, and a reason that is too long, is named`() {
    for (text, reason, word) in [
      ("example.org", "", "'example.org' is no address"), ("10.0.0.0/33", "", "10.0.0.0/33"),
      ("1.2.3.4", String(repeating: "x", count: 501), "501 bytes: at most 500"),
    ] {
      let error = #expect(throws: HookupError.self) { try ServerBan(text, reason: reason) }
      #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
    }
  }

  @Test func `a second ban of the same addresses takes the place of the first`() throws {
    let bans = try bans(ServerBan("1.2.3.4", reason: "a"), ServerBan("1.2.3.4", reason: "b"))
    #expect(bans.list.map(\.reason) == ["b"])
  }

  @Test func `there are so many at most; those that are over make room`() throws {
    var bans = ServerBans()
    for number in 0..<ServerBans.maximum {
      let ban = try ServerBan("10.0.\(number / 256).\(number % 256)", until: number == 0 ? 5 : nil)
      try bans.apply(.add(ban), at: 0)
    }
    let one = try ServerBan("1.2.3.4")
    let error = #expect(throws: HookupError.self) { try bans.apply(.add(one), at: 4) }
    #expect(error?.code == .refused && error?.message.contains("1000 bans") == true)
    try bans.apply(.add(one), at: 5)
    #expect(bans.list.count == ServerBans.maximum && bans.list.last == one)
    #expect(ServerBans(bans.list + [try ServerBan("4.3.2.1")]).list == bans.list)
  }

  @Test func `to end a ban that is none is refused`() throws {
    var bans = try bans(ServerBan("10.0.0.0/8"))
    for addresses in ["10.0.0.1", "10.0.0.0/9", "nobody"] {
      let error = #expect(throws: HookupError.self) {
        try bans.apply(.remove(addresses), at: 0)
      }
      #expect(error?.message.contains("'\(addresses)' is not banned") == true)
    }
    #expect(bans.list.count == 1)
  }
}

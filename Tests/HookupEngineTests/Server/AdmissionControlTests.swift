import HookupCore
import Testing

@testable import HookupEngine

@Suite struct AdmissionControlTests {
  private typealias Source = AdmissionControl.Source

  private func control(_ all: Int, perAddress: Int? = nil) -> AdmissionControl {
    var limits = ServerLimits()
    limits.maximumConnections = all
    limits.maximumConnectionsPerAddress = perAddress
    return AdmissionControl(limits: limits)
  }

  private func isRefusal(_ decision: AdmissionControl.Decision) -> Bool {
    if case .refuse = decision { true } else { false }
  }

  @Test func `up to the limit all are let in, then refused, until one leaves`() {
    var control = control(2)
    let a = Source(ipv4: 1)
    #expect(control.admit(from: a) == .admit)
    #expect(control.admit(from: nil) == .admit)
    let third = control.admit(from: a)
    #expect(isRefusal(third))
    control.release(third, from: a)
    control.release(.admit, from: nil)
    #expect(control.admit(from: a) == .admit)
    #expect(control.admitted == 2)
    #expect(control.refused == 0)
  }

  @Test func `each address has its own share`() {
    var control = control(100, perAddress: 1)
    let (a, b) = (Source(ipv4: 1), Source(ipv4: 2))
    #expect(control.admit(from: a) == .admit)
    #expect(isRefusal(control.admit(from: a)))
    #expect(control.admit(from: b) == .admit)
    control.release(.admit, from: a)
    #expect(control.admit(from: a) == .admit)
  }

  @Test func `nothing is remembered of an address that left`() {
    var control = control(10_000, perAddress: 3)
    for address in UInt32(0)..<1_000 {
      #expect(control.admit(from: Source(ipv4: address)) == .admit)
    }
    for address in UInt32(0)..<1_000 { control.release(.admit, from: Source(ipv4: address)) }
    #expect(control.sources == 0)
    #expect(control.admitted == 0)
  }

  @Test func `refusals are bounded too: the rest is dropped`() {
    var control = control(1)
    #expect(control.admit(from: nil) == .admit)
    for _ in 0..<AdmissionControl.maximumRefusals { #expect(isRefusal(control.admit(from: nil))) }
    #expect(control.admit(from: nil) == .drop)
    control.release(.drop, from: nil)
    #expect(control.admit(from: nil) == .drop)
    control.release(.refuse(reason: ""), from: nil)
    #expect(isRefusal(control.admit(from: nil)))
  }

  @Test func `a connection that speaks for one client after the other counts for one at a time`() {
    var limits = ServerLimits()
    limits.maximumConnectionsPerAddress = 1
    var control = AdmissionControl(limits: limits)
    let (one, two) = (Source(ipv4: 1), Source(ipv4: 2))
    #expect(control.admit(from: nil) == .admit)
    #expect(control.admit(from: nil) == .admit)
    #expect(control.identify(as: one) == nil)
    #expect(control.identify(as: one)?.contains("its 1 connections") == true)
    control.leave(one)
    #expect(control.identify(as: one) == nil && control.identify(as: two) == nil)
    control.leave(one)
    control.leave(two)
    #expect(control.sources == 0)
    // Nobody is not counted below zero.
    control.leave(two)
    #expect(control.identify(as: two) == nil && control.identify(as: two) != nil)
  }

  @Test func `an IPv6 network counts as one, a mapped IPv4 address as itself`() {
    let network: [UInt8] = [0x20, 1, 0xD, 0xB8, 0, 1, 0, 2]
    let one = Source(ipv6: network + [0, 0, 0, 0, 0, 0, 0, 1])
    #expect(one == Source(ipv6: network + [9, 9, 9, 9, 9, 9, 9, 9]))
    #expect(one != Source(ipv6: [0x20, 1, 0xD, 0xB8, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1]))
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1]
    #expect(Source(ipv6: mapped) == Source(ipv4: 0xC000_0201))
    #expect(Source(ipv6: mapped) != Source(ipv4: 0xC000_0202))
  }
}

import HookupCore
import NIOCore
import Testing

/// A format of one's own.
private struct Shouting: WireFormat {
  var subprotocol = "shouting.v1"
  var carriesAcks: Bool { false }
  func decode(_ frame: WireFrame) -> WireMessage { SimpleJSONFormat().decode(frame) }
  func encode(_ message: WireMessage) throws(HookupError) -> WireFrame {
    guard case .message(.text(let text)) = message else {
      throw HookupError(.invalidArgument, "only text can be shouted")
    }
    return .text(ByteBuffer(string: text.uppercased()))
  }
}

@Suite struct SubprotocolTests {
  /// `select x`, `assume x` or `refuse x,y`.
  private func answer(_ registry: SubprotocolRegistry, _ offers: String...) -> String {
    switch registry.negotiate(offers) {
    case .select(let format): "select \(format.subprotocol)"
    case .assume(let format): "assume \(format.subprotocol)"
    case .refuse(let supported): "refuse \(supported.joined(separator: ","))"
    }
  }

  @Test func `of several offers the server's first preference is taken`() {
    let registry = SubprotocolRegistry.standard
    #expect(answer(registry, "simpleJson", "jsonProtocol") == "select jsonProtocol")
    #expect(answer(registry, "unknown", "simpleJson") == "select simpleJson")
  }

  @Test func `with no offer the default is spoken and none is named`() throws {
    #expect(answer(.standard) == "assume simpleJson")
    let legacy = try SubprotocolRegistry(
      [SimpleJSONFormat(), JSONProtocolFormat()], default: "jsonProtocol")
    #expect(answer(legacy) == "assume jsonProtocol")
  }

  @Test func `only unknown names are refused with the list of known ones`() {
    #expect(answer(.standard, "mqtt", "JSONPROTOCOL") == "refuse jsonProtocol,simpleJson")
  }

  @Test func `a format of one's own takes part like the others`() throws {
    let registry = try SubprotocolRegistry([Shouting(), SimpleJSONFormat()], default: "simpleJson")
    #expect(registry.names == ["shouting.v1", "simpleJson"])
    #expect(answer(registry, "simpleJson", "shouting.v1") == "select shouting.v1")
    let format = try #require(registry.format(named: "shouting.v1"))
    #expect(try format.encode(.message(.text("hey"))) == .text(ByteBuffer(string: "HEY")))
    #expect(registry.format(named: "jsonProtocol") == nil)
  }

  @Test func `a registry must make sense`() {
    func refusal(_ formats: [any WireFormat], _ name: String) -> String? {
      do {
        _ = try SubprotocolRegistry(formats, default: name)
        return nil
      } catch {
        return error.message
      }
    }
    #expect(refusal([SimpleJSONFormat()], "simpleJson") == nil)
    #expect(
      refusal([SimpleJSONFormat(), JSONProtocolFormat()], "none")
        == "the default subprotocol 'none' is not among the wire formats: use one of jsonProtocol, simpleJson"
    )
    #expect(refusal([], "simpleJson")?.hasSuffix("there are none") == true)
    #expect(
      refusal([SimpleJSONFormat(), SimpleJSONFormat()], "simpleJson")?.contains("two wire formats")
        == true)
    for name in ["", "two words", "a,b", "é", String(repeating: "x", count: 65)] {
      #expect(
        refusal([Shouting(subprotocol: name)], name)?.contains("cannot be a subprotocol's name")
          == true)
    }
  }

  @Test func `offers come from one header or several, in order, without the space around them`() {
    #expect(Subprotocol.offers(in: ["a, b ,\tc", "d"]) == ["a", "b", "c", "d"])
    #expect(Subprotocol.offers(in: []) == [])
    #expect(Subprotocol.offers(in: ["", " , ,"]) == [])
    #expect(Subprotocol.offers(in: ["two words, ok, b\u{0}d, \"q\""]) == ["ok"])
  }

  @Test func `a flood of offers is cut off`() {
    let flood = (0..<10_000).map { "p\($0)" }
    #expect(Subprotocol.offers(in: [flood.joined(separator: ",")]) == Array(flood.prefix(32)))
    #expect(Subprotocol.offers(in: flood) == Array(flood.prefix(32)))
    #expect(Subprotocol.offers(in: [String(repeating: "x", count: 100_000)]) == [])
  }
}

@Suite struct SubprotocolSessionTests {
  @Test func `with sessions they come first, without them they are not spoken`() throws {
    let standard = SubprotocolRegistry.standard
    let names = standard.names.filter { $0 != Subprotocol.resume }
    let with = standard.with(sessions: true)
    #expect(with.names.first == Subprotocol.resume)
    #expect(with.names.filter { $0 != Subprotocol.resume } == names)
    #expect(with.defaultFormat.subprotocol == standard.defaultFormat.subprotocol)
    #expect(with.with(sessions: true).names == with.names)
    #expect(with.with(sessions: false).names == names)
    let last = try SubprotocolRegistry(
      [SimpleJSONFormat(), ResumeFormat()], default: Subprotocol.resume)
    #expect(last.with(sessions: true).names == last.names)
    #expect(last.with(sessions: false).defaultFormat.subprotocol == Subprotocol.simpleJson)
  }
}

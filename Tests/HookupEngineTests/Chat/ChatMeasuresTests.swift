import HookupCore
import Testing

@testable import HookupEngine

@Suite struct ChatMeasuresTests {
  private static func filled() -> ChatMeasures {
    var measures = ChatMeasures()
    measures.connections = 3
    measures.opened = 5
    measures.refusals = ["bad_text": 2, "nick_in_use": 1]
    measures.closes = [1008: 1, 4009: 2]
    for value in [0.000_1, 0.003, 12] { measures.commits.add(value) }
    measures.batches.add(7)
    measures.count(.success(.ping))
    measures.count(.success(.ping))
    measures.count(.failure(ChatRefusal(.badCommand, "no")))
    return measures
  }

  @Test func `what is told is the text format, read strictly`() throws {
    let families = try PrometheusReader.read(Self.filled().prometheus)
    #expect(families["hookup_connections"]?.samples == ["hookup_connections": 3])
    #expect(families["hookup_connections_total"]?.kind == "counter")
    #expect(
      families["hookup_commands_total"]?.samples == [
        #"hookup_commands_total{command="ping"}"#: 2,
        #"hookup_commands_total{command="unreadable"}"#: 1,
      ])
    #expect(families["hookup_closes_total"]?.samples[#"hookup_closes_total{code="4009"}"#] == 2)
    #expect(families["hookup_commit_seconds"]?.samples["hookup_commit_seconds_count"] == 3)
    #expect(families["hookup_store_writable"]?.samples == ["hookup_store_writable": 1])
    _ = try PrometheusReader.read(ChatMeasures().prometheus)
  }

  @Test func `a store that fails is not writable, whether it is tried again or not`() throws {
    var measures = ChatMeasures()
    measures.storeHealth.handle(.appendFailed(reason: "damaged", at: 1))
    let failing = try PrometheusReader.read(measures.prometheus)
    #expect(failing["hookup_store_writable"]?.samples == ["hookup_store_writable": 0])
    measures.storeHealth.handle(.appended)
    measures.storeFailure = "the disk is full"
    let full = try PrometheusReader.read(measures.prometheus)
    #expect(full["hookup_store_writable"]?.samples == ["hookup_store_writable": 0])
  }

  @Test func `no number of names makes more than so many lines`() {
    var measures = ChatMeasures()
    for number in 0..<64 { measures.commands["c\(number)"] = 1 }
    measures.count(.success(.ping))
    measures.count(.success(.typing(RoomName.lobby)))
    #expect(measures.commands.count == 65)
    #expect(measures.commands["other"] == 2)
  }

  @Test(arguments: [
    "a 1\n", "# HELP a x\n# TYPE a counter\na 1", "# HELP a x\n# TYPE a counter\na one\n",
    "# HELP a x\n# TYPE a counter\nb 1\n", "# HELP a x\n# TYPE a counter\na 1\na 1\n",
    "# HELP a x\n# TYPE a counter\na -1\n", "# HELP 1a x\n# TYPE 1a gauge\n1a 1\n",
    "# HELP a x\n# TYPE a gauge\na{b=c} 1\n", "# HELP a x\n# TYPE a gauge\na{b=\"c} 1\n",
    "# HELP a x\n# TYPE a counter\n# HELP a x\n# TYPE a counter\n",
    "# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
    "# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
  ])
  func `the reader of this test is strict`(_ text: String) {
    #expect(throws: PrometheusReader.Fault.self) { try PrometheusReader.read(text) }
  }
}

extension RoomName {
  fileprivate static var lobby: RoomName { RoomName(directTo: .anna) }
}

extension Nick {
  fileprivate static var anna: Nick {
    guard let nick = try? Nick("anna") else { preconditionFailure("a nick that is always right") }
    return nick
  }
}

/// Reads the text format, version 0.0.4, as this program writes it: HELP, then TYPE, then samples of that family alone, each once.
enum PrometheusReader {
  struct Fault: Error {
    var line: Substring
    var reason: String
  }

  struct Family {
    var kind: String
    var samples: [String: Double] = [:]
    /// Of a histogram, in their order.
    var buckets: [(bound: String, count: Double)] = []
  }

  static func read(_ text: String) throws -> [String: Family] {
    guard text.hasSuffix("\n") else { throw Fault(line: "", reason: "no line feed at the end") }
    var families: [String: Family] = [:]
    var helped = ""
    var current = ""
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      if line.hasPrefix("# HELP ") {
        guard words.count == 4, families[words[2]] == nil,
          words[2].wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil
        else { throw Fault(line: line, reason: "a wrong HELP, or a family twice") }
        helped = words[2]
      } else if line.hasPrefix("# TYPE ") {
        guard words.count == 4, words[2] == helped,
          ["counter", "gauge", "histogram"].contains(words[3])
        else { throw Fault(line: line, reason: "a wrong TYPE") }
        current = helped
        families[current] = Family(kind: words[3])
      } else {
        guard var family = families[current] else { throw Fault(line: line, reason: "no TYPE") }
        try take(line, into: &family, named: current)
        families[current] = family
      }
    }
    for (name, family) in families where family.kind == "histogram" {
      try checkHistogram(family, name)
    }
    return families
  }

  private static func take(
    _ line: Substring, into family: inout Family, named name: String
  ) throws {
    let sample =
      /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"\})? (\S+)/
    guard let match = line.wholeMatch(of: sample) else {
      throw Fault(line: line, reason: "no sample")
    }
    let isHistogram = family.kind == "histogram"
    let allowed = isHistogram ? ["\(name)_bucket", "\(name)_sum", "\(name)_count"] : [name]
    guard allowed.contains(String(match.1)) else {
      throw Fault(line: line, reason: "another family")
    }
    guard let value = Double(match.4) ?? (match.4 == "+Inf" ? .infinity : nil) else {
      throw Fault(line: line, reason: "no number")
    }
    guard family.kind == "gauge" || value >= 0 else {
      throw Fault(line: line, reason: "a count below 0")
    }
    let key = String(line.dropLast(match.4.count + 1))
    guard family.samples.updateValue(value, forKey: key) == nil else {
      throw Fault(line: line, reason: "a sample twice")
    }
    if match.1.hasSuffix("_bucket"), isHistogram {
      guard match.2 == "le", let bound = match.3 else { throw Fault(line: line, reason: "no le") }
      family.buckets.append((String(bound), value))
    }
  }

  private static func checkHistogram(_ family: Family, _ name: String) throws {
    let counts = family.buckets.map(\.count)
    let bounds = family.buckets.dropLast().compactMap { Double($0.bound) }
    guard family.buckets.last?.bound == "+Inf", bounds.count == counts.count - 1,
      bounds == bounds.sorted(), counts == counts.sorted(),
      family.samples["\(name)_count"] == counts.last, family.samples["\(name)_sum"] != nil
    else { throw Fault(line: Substring(name), reason: "no histogram") }
  }
}

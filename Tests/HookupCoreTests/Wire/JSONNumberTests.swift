import HookupCore
import Testing

@Suite struct JSONNumberTests {
  private func number(_ text: String) throws -> JSONNumber {
    try #require(try JSONValue(parsing: text).numberValue)
  }

  @Test func `whole numbers are exact to the ends of 64 bits, and nil beyond`() throws {
    #expect(try number("9223372036854775807").int64 == .max)
    #expect(try number("-9223372036854775808").int64 == .min)
    #expect(try number("9223372036854775808").int64 == nil)
    #expect(try number("9007199254740993").int64 == 9_007_199_254_740_993)
    #expect(try number("-0").int64 == 0)
  }

  @Test func `a fraction or an exponent makes no whole number`() throws {
    #expect(try number("1.0").int64 == nil)
    #expect(try number("1e2").int64 == nil)
    #expect(try number("1e2").double == 100)
    #expect(try number("0.1").double == 0.1)
  }

  @Test func `what fits nothing keeps its text`() throws {
    let huge = "123456789012345678901234567890.5"
    #expect(try number(huge).text == huge)
    #expect(try number("1e400").double == .infinity)
    #expect(try number("1e400").text == "1e400")
    #expect(try number("1e-400").double == 0)
  }

  @Test func `numbers are equal when they are spelled the same`() throws {
    #expect(try number("1") == 1)
    #expect(try number("1.0") != 1)
  }

  @Test func `infinities and NaN are no JSON`() {
    #expect(JSONNumber(Double.infinity) == nil)
    #expect(JSONNumber(Double.nan) == nil)
    #expect(JSONNumber(-1.5)?.text == "-1.5")
  }

  @Test func `every finite double of a sample is spelled as JSON and read back exactly`() throws {
    var random = RandomSource(seed: 7)
    for _ in 0..<5_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      let text = try #require(JSONNumber(value)).text
      #expect(try number(text).double == value)
    }
    for value in [
      1e20, 1e16, Double.leastNonzeroMagnitude, Double.greatestFiniteMagnitude, -0.0, 1e100,
    ] {
      #expect(try number(try #require(JSONNumber(value)).text).double == value)
    }
  }
}

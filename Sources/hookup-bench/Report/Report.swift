import HookupCore
import HookupEngine

/// Names and values in order, to be shown as a table for people or as one JSON object for programs.
struct Report {
  enum Value {
    case text(String)
    case count(Int)
    /// Shown with so many digits behind the point.
    case number(Double, digits: Int)
    case flag(Bool)
    /// One object in JSON, one line in the table.
    case group([Field])
  }

  struct Field {
    var name: String
    var value: Value

    init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  private(set) var fields: [Field] = []

  mutating func add(_ name: String, _ value: Value) {
    fields.append(Field(name, value))
  }

  /// One JSON object, without a line feed.
  func json() -> String {
    var writer = JSONWriter()
    Self.write(fields, to: &writer)
    return writer.json().text
  }

  private static func write(_ fields: [Field], to writer: inout JSONWriter) {
    writer.beginObject()
    for field in fields {
      writer.key(escaping: field.name)
      switch field.value {
      case .text(let text): writer.string(text)
      case .count(let count): writer.integer(count)
      case .number(let number, let digits): writer.json(JSONText(unchecked: fixed(number, digits)))
      case .flag(let flag): writer.bool(flag)
      case .group(let inner): write(inner, to: &writer)
      }
    }
    writer.endObject()
  }

  /// Lines of a name and its value, the values under one another; each ends with a line feed.
  func table() -> String {
    let width = fields.map(\.name.count).max() ?? 0
    return fields.map { field in
      let padding = String(repeating: " ", count: width - field.name.count + 2)
      return Self.spaced(field.name) + padding + Self.shown(field.value) + "\n"
    }.joined()
  }

  private static func shown(_ value: Value) -> String {
    switch value {
    case .text(let text): text
    case .count(let count): String(count)
    case .number(let number, let digits): fixed(number, digits)
    case .flag(let flag): flag ? "yes" : "no"
    case .group(let inner):
      inner.map { "\(spaced($0.name)) \(shown($0.value))" }.joined(separator: ", ")
    }
  }

  /// For people, words stand apart.
  private static func spaced(_ name: String) -> String { name.replacing("_", with: " ") }
}

/// A number with exactly so many digits behind the point, 0 to 9, rounded to the nearest; what is not finite is 0.
func fixed(_ number: Double, _ digits: Int) -> String {
  var scale = 1
  for _ in 0..<digits { scale *= 10 }
  let scaled = (abs(number) * Double(scale)).rounded()
  guard scaled.isFinite, scaled < 9e18 else { return "0" }
  let whole = Int(scaled)
  let sign = number < 0 && whole > 0 ? "-" : ""
  guard digits > 0 else { return sign + String(whole) }
  let fraction = String(whole % scale)
  let zeros = String(repeating: "0", count: digits - fraction.count)
  return "\(sign)\(whole / scale).\(zeros)\(fraction)"
}

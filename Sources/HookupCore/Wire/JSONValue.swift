/// A JSON value as a tree: for reading and building JSON by hand. What is hot reads the bytes instead.
///
/// ```swift
/// let command: JSONValue = ["command": "subscribe", "topics": ["news", "weather"]]
/// let topic = command["topics"]?[0]?.stringValue
/// ```
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The member under `key` of an object, the last one if there are several; nil for anything else.
  public subscript(key: String) -> JSONValue? { objectValue?[key] }

  /// The element of an array, counting from 0; nil outside it and for anything else.
  public subscript(index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  public var isNull: Bool { self == .null }

  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The number; nil when it is spelled with a fraction or an exponent, or is outside -2^63...2^63-1.
  public var int64Value: Int64? { numberValue?.int64 }

  /// The nearest floating-point number.
  public var doubleValue: Double? { numberValue?.double }

  public var numberValue: JSONNumber? {
    if case .number(let value) = self { value } else { nil }
  }

  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  public var arrayValue: [JSONValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  public var objectValue: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// How deep arrays and objects are nested in it; nil when deeper than `limit`.
  func depth(atMost limit: Int) -> Int? {
    let children: [JSONValue]
    switch self {
    case .array(let elements): children = elements
    case .object(let object): children = object.members.map(\.value)
    default: return 0
    }
    guard limit > 0 else { return nil }
    var deepest = 0
    for child in children {
      guard let depth = child.depth(atMost: limit - 1) else { return nil }
      deepest = max(deepest, depth)
    }
    return deepest + 1
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A literal too large for a `Double` is null.
  public init(floatLiteral value: Double) {
    self = JSONNumber(value).map(JSONValue.number) ?? .null
  }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements.map { JSONObject.Member($0.0, $0.1) }))
  }
  public init(nilLiteral: ()) { self = .null }
}

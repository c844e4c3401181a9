/// A name as certificates have it: attributes from the most general to the most specific (RFC 5280 §4.1.2.4), written as
/// RFC 4514 says, the other way round.
struct DistinguishedName: CustomStringConvertible {
  private struct Attribute {
    var identifier: [UInt8]
    var tag: UInt8
    var value: ArraySlice<UInt8>
  }

  private var parts: [[Attribute]] = []

  /// - Parameter content: of the sequence. What cannot be read is left out.
  init(_ content: DERReader) {
    var content = content
    while var set = content.next(DERReader.set) {
      var attributes: [Attribute] = []
      while var pair = set.next(DERReader.sequence) {
        guard let identifier = pair.take(DERReader.objectIdentifier), let value = pair.next() else {
          continue
        }
        attributes.append(
          Attribute(
            identifier: Array(identifier.content), tag: value.tag, value: value.content))
      }
      if !attributes.isEmpty { parts.append(attributes) }
    }
  }

  var description: String {
    parts.reversed().map { part in
      part.map(Self.written).joined(separator: "+")
    }.joined(separator: ",")
  }

  /// The most specific common name.
  var commonName: String? {
    guard
      let attribute = parts.reversed().joined().first(where: { $0.identifier == Self.commonNameID }
      ),
      let text = Self.text(attribute),
      text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
    else { return nil }
    return text
  }

  private static let commonNameID: [UInt8] = [0x55, 0x04, 0x03]

  /// RFC 4514 §3, and the usual names of two more.
  private static let shortNames: [[UInt8]: String] = [
    commonNameID: "CN", [0x55, 0x04, 0x05]: "serialNumber", [0x55, 0x04, 0x06]: "C",
    [0x55, 0x04, 0x07]: "L", [0x55, 0x04, 0x08]: "ST", [0x55, 0x04, 0x09]: "street",
    [0x55, 0x04, 0x0A]: "O", [0x55, 0x04, 0x0B]: "OU",
    [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x01]: "UID",
    [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19]: "DC",
    [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x01]: "emailAddress",
  ]

  private static func written(_ attribute: Attribute) -> String {
    if let name = shortNames[attribute.identifier], let text = text(attribute) {
      return "\(name)=\(escaped(text))"
    }
    let hex = attribute.value.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return "\(dotted(attribute.identifier))=#\(hex)"
  }

  private static func text(_ attribute: Attribute) -> String? {
    let value = attribute.value
    switch attribute.tag {
    // UTF-8, and the kinds that are ASCII: numeric, printable, IA5.
    case 0x0C, 0x12, 0x13, 0x16: return String(validating: value, as: UTF8.self)
    case 0x14: return String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
    case 0x1E:
      guard value.count.isMultiple(of: 2) else { return nil }
      let units = stride(from: value.startIndex, to: value.endIndex, by: 2).map {
        UInt16(value[$0]) << 8 | UInt16(value[$0 + 1])
      }
      return String(validating: units, as: UTF16.self)
    default: return nil
    }
  }

  /// RFC 4514 §2.4.
  private static func escaped(_ text: String) -> String {
    var result = ""
    let scalars = Array(text.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      let isAtEnd = index == 0 || index == scalars.count - 1
      switch scalar {
      case "\"", "+", ",", ";", "<", ">", "\\": result += "\\\(scalar)"
      case " " where isAtEnd: result += "\\ "
      case "#" where index == 0: result += "\\#"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        result += "\\" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// An object identifier in numbers with dots (X.690 §8.19); `?` for a number too large.
  private static func dotted(_ bytes: [UInt8]) -> String {
    var numbers: [String] = []
    var number: UInt64 = 0
    for byte in bytes {
      guard number < 1 << 56 else { return "?" }
      number = number << 7 | UInt64(byte & 0x7F)
      guard byte & 0x80 == 0 else { continue }
      if numbers.isEmpty {
        let first = min(number / 40, 2)
        numbers = [String(first), String(number - first * 40)]
      } else {
        numbers.append(String(number))
      }
      number = 0
    }
    return numbers.joined(separator: ".")
  }
}

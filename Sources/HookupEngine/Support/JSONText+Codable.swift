import HookupCore
import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension JSONText {
  /// The value as a type of one's own.
  /// - Throws: ``HookupError/Code/invalidArgument`` that names the member that did not fit; its cause is the decoder's own
  ///   error.
  public func decode<Value: Decodable>(
    _ type: Value.Type = Value.self, using decoder: JSONDecoder = JSONDecoder()
  ) throws(HookupError) -> Value {
    do {
      return try decoder.decode(type, from: Data(bytes.readableBytesView))
    } catch {
      throw HookupError(
        .invalidArgument, "the JSON is no \(type): \(Self.reason(error))", cause: error)
    }
  }

  /// Encodes `value`. Without an encoder of one's own: compactly, slashes as they are.
  /// - Throws: ``HookupError/Code/invalidArgument`` when it cannot be encoded (an infinity or NaN, say) or is nested deeper
  ///   than ``Limits/jsonDepth``; its cause is the encoder's own error.
  public init(encoding value: some Encodable, using encoder: JSONEncoder? = nil) throws(HookupError)
  {
    let encoder = encoder ?? Self.plainEncoder
    let data: Data
    do {
      data = try encoder.encode(value)
    } catch {
      throw HookupError(
        .invalidArgument,
        "a value of type \(type(of: value)) cannot be JSON: \(Self.reason(error))",
        cause: error)
    }
    try self.init(validating: ByteBuffer(bytes: data))
  }

  private static var plainEncoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return encoder
  }

  /// What went wrong and where, without the text itself.
  private static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      "\(path(context.codingPath)) has no member \(quoted(key.stringValue))"
    case DecodingError.typeMismatch(let type, let context):
      "\(path(context.codingPath)) is no \(type)"
    case DecodingError.valueNotFound(_, let context): "\(path(context.codingPath)) is null"
    case DecodingError.dataCorrupted(let context):
      "\(path(context.codingPath)) holds no allowed value"
    case EncodingError.invalidValue(_, let context):
      "\(path(context.codingPath)) holds no value that JSON has"
    default: "the coder gave up"
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "the value" : quoted(keys.map(\.stringValue).joined(separator: "."))
  }
}

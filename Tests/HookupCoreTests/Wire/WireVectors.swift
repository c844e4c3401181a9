import Foundation
import HookupCore
import NIOCore

/// One line of Resources/wire-vectors.jsonl; its first line says what the members are. Read with Foundation, so that the
/// file is not judged by the code it judges.
struct WireVector: Decodable, CustomStringConvertible, Sendable {
  enum Use: String, Decodable { case parse, render, both, refused }
  struct Meaning: Decodable {
    enum Kind: String, Decodable { case text, json, binary, ack, error, frame, fault }
    var kind: Kind
    var value: String?
    var id: UInt64?
    var timeout: Int64?
    var code: UInt16?
  }

  var name: String
  var format: String
  var use: Use
  var text: String?
  var utf8hex: String?
  var hex: String?
  var means: Meaning

  var description: String { "\(format): \(name)" }

  static let all: [WireVector] = load()

  private static func load() -> [WireVector] {
    let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent()
    }
    let file = root.appending(path: "Resources/wire-vectors.jsonl")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
    let decoder = JSONDecoder()
    return text.split(separator: "\n").dropFirst().compactMap {
      try? decoder.decode(WireVector.self, from: Data($0.utf8))
    }
  }

  var frame: WireFrame? {
    if let hex { return .binary(bytes(hex)) }
    if let utf8hex { return .text(bytes(utf8hex)) }
    return text.map { .text(ByteBuffer(string: $0)) }
  }

  /// The payload of a stored message and its flags.
  var stored: (payload: ByteBuffer, flags: UInt8) {
    hex.map { (bytes($0), 1) } ?? (ByteBuffer(string: text ?? ""), 0)
  }

  var content: Message.Content? {
    guard let value = means.value else { return nil }
    return switch means.kind {
    case .text: .text(value)
    case .json: .json(JSONText(unchecked: value))
    case .binary: .binary(bytes(value))
    case .ack, .error, .frame, .fault: nil
    }
  }

  var message: WireMessage? {
    switch (means.kind, content, means.id) {
    case (.ack, _, let id?): .ack(id: id)
    case (_, let content?, let id?): .ackRequest(id: id, content)
    case (_, let content?, nil): .message(content)
    default: nil
    }
  }

  private func bytes(_ hex: String) -> ByteBuffer {
    let digits = Array(hex.utf8)
    return ByteBuffer(
      bytes: stride(from: 0, to: digits.count - 1, by: 2).map {
        UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) ?? 0
      })
  }
}

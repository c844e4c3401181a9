import HookupCore

/// What is known of a file when its answer is decided.
struct StaticFileFacts: Hashable, Sendable {
  var size: Int64
  var modifiedSeconds: Int64
  var modifiedNanoseconds: Int64

  /// A strong validator: any write changes the time or the size (RFC 9110 §8.8.3).
  var entityTag: String {
    "\"\(String(modifiedSeconds, radix: 16)).\(String(modifiedNanoseconds, radix: 16))-\(String(size, radix: 16))\""
  }
  var lastModified: String { HTTPDate.format(secondsSince1970: modifiedSeconds) }
}

/// How a request for a file is answered: the conditions and the range of RFC 9110 §13 and §14.
enum StaticFileAnswer: Hashable, Sendable {
  /// 200 with all of it.
  case whole
  /// 206 with these bytes, both ends included.
  case part(ClosedRange<Int64>)
  /// 304: the client's copy is the file.
  case notModified
  /// 412: the file is not the one the client means.
  case preconditionFailed
  /// 416 with the file's size.
  case rangeNotSatisfiable

  /// Decides in the order of RFC 9110 §13.2.2.
  /// - Parameter isHead: whether only the head is asked for: a range is then ignored (§14.2).
  init(facts: StaticFileFacts, headers: HeaderFields, isHead: Bool = false) {
    if Self.failsPrecondition(facts, headers) {
      self = .preconditionFailed
    } else if Self.isFresh(facts, headers) {
      self = .notModified
    } else if !isHead, let range = headers.first("Range"), headers["Range"].count == 1,
      Self.rangeApplies(facts, headers)
    {
      self = Self.range(range, size: facts.size)
    } else {
      self = .whole
    }
  }

  private static func failsPrecondition(_ facts: StaticFileFacts, _ headers: HeaderFields) -> Bool {
    if headers.contains("If-Match") {
      return !headers.list("If-Match").contains { $0 == "*" || $0 == facts.entityTag }
    }
    guard let date = headers.first("If-Unmodified-Since").flatMap(HTTPDate.parse) else {
      return false
    }
    return facts.modifiedSeconds > date
  }

  /// If-None-Match wins over If-Modified-Since (RFC 9110 §13.1.3) and compares weakly (§13.1.2).
  private static func isFresh(_ facts: StaticFileFacts, _ headers: HeaderFields) -> Bool {
    if headers.contains("If-None-Match") {
      return headers.list("If-None-Match").contains { tag in
        tag == "*" || (tag.hasPrefix("W/") ? String(tag.dropFirst(2)) : tag) == facts.entityTag
      }
    }
    guard let date = headers.first("If-Modified-Since").flatMap(HTTPDate.parse) else {
      return false
    }
    return facts.modifiedSeconds <= date
  }

  /// If-Range: only the very same file may be continued, else all of it is sent (RFC 9110 §13.1.5).
  private static func rangeApplies(_ facts: StaticFileFacts, _ headers: HeaderFields) -> Bool {
    guard let validator = headers.first("If-Range") else { return true }
    return validator == facts.entityTag
      || HTTPDate.parse(validator) == facts.modifiedSeconds
  }

  /// One range of bytes (RFC 9110 §14.1.2). Several, other units and nonsense are ignored, which the RFC allows: the
  /// whole file is sent.
  private static func range(_ header: String, size: Int64) -> StaticFileAnswer {
    guard let equals = header.firstIndex(of: "="), equalASCII(String(header[..<equals]), "bytes")
    else { return .whole }
    let ends = trimmed(header[header.index(after: equals)...])
      .split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      ends.contains(where: { !$0.isEmpty })
    else { return .whole }
    // A number beyond 2^63 is beyond every file.
    let numbers = ends.map { $0.isEmpty ? nil : Int64($0) ?? .max }
    switch (numbers[0], numbers[1]) {
    case (nil, let suffix?):
      guard suffix > 0, size > 0 else { return .rangeNotSatisfiable }
      return .part(max(0, size - suffix)...(size - 1))
    case (let first?, let last):
      if let last, last < first { return .whole }
      guard first < size else { return .rangeNotSatisfiable }
      return .part(first...min(last ?? .max, size - 1))
    case (nil, nil): return .whole
    }
  }
}

import HookupCore
import NIOCore

/// The status of an HTTP answer: a number and its usual words.
struct HTTPStatus: Hashable, Sendable {
  let code: Int
  let phrase: String

  /// The words of a known code; a number without words for another.
  init(code: Int) {
    self = Self.known.first { $0.code == code } ?? HTTPStatus(code: code, phrase: "")
  }

  private init(code: Int, phrase: String) {
    self.code = code
    self.phrase = phrase
  }

  private static let known = [
    switchingProtocols, ok, partialContent, movedPermanently, notModified, badRequest, forbidden,
    notFound, methodNotAllowed, requestTimeout, preconditionFailed, rangeNotSatisfiable,
    misdirectedRequest, upgradeRequired, requestHeaderFieldsTooLarge, internalServerError,
    serviceUnavailable, httpVersionNotSupported,
    // What only programs answer, by way of their ``Admission``.
    HTTPStatus(code: 302, phrase: "Found"), HTTPStatus(code: 303, phrase: "See Other"),
    HTTPStatus(code: 307, phrase: "Temporary Redirect"),
    HTTPStatus(code: 308, phrase: "Permanent Redirect"),
    HTTPStatus(code: 401, phrase: "Unauthorized"), HTTPStatus(code: 410, phrase: "Gone"),
    HTTPStatus(code: 429, phrase: "Too Many Requests"),
    HTTPStatus(code: 502, phrase: "Bad Gateway"), HTTPStatus(code: 504, phrase: "Gateway Timeout"),
  ]

  static let switchingProtocols = HTTPStatus(code: 101, phrase: "Switching Protocols")
  static let ok = HTTPStatus(code: 200, phrase: "OK")
  static let partialContent = HTTPStatus(code: 206, phrase: "Partial Content")
  static let movedPermanently = HTTPStatus(code: 301, phrase: "Moved Permanently")
  static let notModified = HTTPStatus(code: 304, phrase: "Not Modified")
  static let badRequest = HTTPStatus(code: 400, phrase: "Bad Request")
  static let forbidden = HTTPStatus(code: 403, phrase: "Forbidden")
  static let notFound = HTTPStatus(code: 404, phrase: "Not Found")
  static let methodNotAllowed = HTTPStatus(code: 405, phrase: "Method Not Allowed")
  static let requestTimeout = HTTPStatus(code: 408, phrase: "Request Timeout")
  static let preconditionFailed = HTTPStatus(code: 412, phrase: "Precondition Failed")
  static let rangeNotSatisfiable = HTTPStatus(code: 416, phrase: "Range Not Satisfiable")
  static let misdirectedRequest = HTTPStatus(code: 421, phrase: "Misdirected Request")
  static let upgradeRequired = HTTPStatus(code: 426, phrase: "Upgrade Required")
  static let requestHeaderFieldsTooLarge = HTTPStatus(
    code: 431, phrase: "Request Header Fields Too Large")
  static let internalServerError = HTTPStatus(code: 500, phrase: "Internal Server Error")
  static let serviceUnavailable = HTTPStatus(code: 503, phrase: "Service Unavailable")
  static let httpVersionNotSupported = HTTPStatus(code: 505, phrase: "HTTP Version Not Supported")
}

/// An answer whose body, if it has one, is short and in memory.
struct HTTPResponse: Hashable, Sendable {
  var status: HTTPStatus
  var headers = HeaderFields()
  /// Plain text; empty for none. Not sent in answer to HEAD, its length is.
  var body = ""

  init(_ status: HTTPStatus, headers: HeaderFields = HeaderFields(), body: String = "") {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A refusal that says why in its body.
  static func refusal(_ status: HTTPStatus, _ reason: String) -> HTTPResponse {
    HTTPResponse(status, body: reason + "\n")
  }
}

/// Writes heads of answers. Header values come from this program; a line break in one would split the answer,
/// so control characters are left out.
enum HTTPResponseEncoder {
  /// - Parameters:
  ///   - date: seconds since 1970, for the `Date` header.
  ///   - contentLength: nil when the status has no body at all (101, 304).
  static func head(
    _ status: HTTPStatus, headers: HeaderFields, contentLength: Int?, closes: Bool,
    serverName: String?, date: Int64
  ) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeString("HTTP/1.1 \(status.code) \(status.phrase)\r\n")
    for field in headers.fields { write(field.name, field.value, to: &buffer) }
    if let contentLength { write("Content-Length", String(contentLength), to: &buffer) }
    if closes { write("Connection", "close", to: &buffer) }
    if let serverName { write("Server", serverName, to: &buffer) }
    write("Date", HTTPDate.format(secondsSince1970: date), to: &buffer)
    buffer.writeString("\r\n")
    return buffer
  }

  /// A whole answer.
  static func encode(
    _ response: HTTPResponse, omitsBody: Bool, closes: Bool, serverName: String?, date: Int64
  ) -> ByteBuffer {
    var headers = response.headers
    if !response.body.isEmpty && !headers.contains("Content-Type") {
      headers.append("Content-Type", "text/plain; charset=utf-8")
    }
    let hasBody = response.status != .notModified && response.status != .switchingProtocols
    var buffer = head(
      response.status, headers: headers,
      contentLength: hasBody ? response.body.utf8.count : nil, closes: closes,
      serverName: serverName, date: date)
    if !omitsBody && hasBody { buffer.writeString(response.body) }
    return buffer
  }

  private static func write(_ name: String, _ value: String, to buffer: inout ByteBuffer) {
    buffer.writeString(name)
    buffer.writeString(": ")
    buffer.writeBytes(value.utf8.lazy.filter { $0 >= 0x20 && $0 != 0x7F })
    buffer.writeString("\r\n")
  }
}

/// What a server answers to a plain GET, when a program makes the pages itself: ``ServerConfiguration/page``.
public struct ServerPage: Hashable, Sendable {
  /// The HTTP status, 200 to 599.
  public var status: Int
  public var contentType: String
  public var body: String

  public init(status: Int = 200, contentType: String = "text/plain; charset=utf-8", body: String) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }
}

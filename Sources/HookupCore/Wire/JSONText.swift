/// One valid JSON value as text.
public struct JSONText: Hashable, Sendable {
  public let text: String
  public init(unchecked text: String) { self.text = text }
}

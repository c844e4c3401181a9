/// The chat protocol's own numbers.
public enum ChatProtocol {
  /// The one version there is.
  public static let version = 1
  /// How many entries a `join` without `since` starts with.
  public static let entriesOnJoin: UInt64 = 50
  /// The offset beyond which no number goes on the wire: 2^53 - 1.
  public static let maximumOffset: UInt64 = (1 << 53) - 1
}

/// The chat server's bounds, as `welcome` tells them.
public struct ChatLimits: Hashable, Sendable {
  /// One said text, bytes of UTF-8; longer is refused with `bad_text`. Default 8,192. Below 512 people notice; a page
  /// of history is 128 KiB and holds fewer entries the larger they are.
  public var textBytes = 8 << 10
  /// One topic, bytes of UTF-8; longer is refused with `bad_topic`. Default 390.
  public var topicBytes = 390
  /// Rooms one connection reads at once; more is refused with `too_many_rooms`. Default 64. Each costs a cursor.
  public var roomsPerConnection = 64
  /// Entries of one `history` answer, and rooms of one `rooms` answer. Default 200; a page also ends at 128 KiB of text.
  public var page = 200
  /// Nicks of one `members` or `joined` list; of a larger room the first ones are listed. Default 1,000.
  public var members = 1_000
  /// Direct conversations that `welcome` lists. Default 100.
  public var directRooms = 100
  /// Commands of one connection that are not answered yet; the server then reads no further from it. Default 256. 1 makes
  /// a client wait for each commit; a large number lets one client fill the queue that all share.
  public var outstandingCommands = 256

  public init() {}
}

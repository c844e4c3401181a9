import NIOCore

/// What one connection has been given to send and its event loop has not yet handed to the socket.
///
/// A value; ``ServerConnection`` holds it under its lock. Together with what the socket holds, which is bounded by its
/// high-water mark, it says whether more is taken: ``hasRoom``. Acks are taken regardless, they are what the client
/// waits for; when they pile up, because the client does not read them, ``isClogged`` stops the reading of more
/// messages.
struct SendQueue: Sendable {
  enum Item: Hashable, Sendable {
    case frame(WireFrame)
    /// Bytes that are a frame already, shared by the receivers of a broadcast.
    case encoded(ByteBuffer)

    var bytes: Int {
      switch self {
      case .frame(.text(let buffer)), .frame(.binary(let buffer)), .encoded(let buffer):
        buffer.readableBytes
      }
    }
  }

  let highBytes: Int
  private(set) var items: [Item] = []
  private(set) var bytes = 0
  /// Whether the socket holds less than its high mark, or has fallen below its low one since.
  var isSocketWritable = true

  init(highBytes: Int) {
    self.highBytes = max(1, highBytes)
  }

  var isEmpty: Bool { items.isEmpty }
  /// Whether a message may be appended: the socket takes more, and what waits for the event loop's next turn is not as
  /// much as the socket may hold.
  var hasRoom: Bool { isSocketWritable && bytes < highBytes }
  /// Whether what may not be refused has piled up here behind a socket that takes nothing.
  var isClogged: Bool { !isSocketWritable && bytes >= highBytes }

  mutating func append(_ item: Item) {
    items.append(item)
    bytes += item.bytes
  }

  /// Takes all that waits when the socket takes more, or regardless with `force`.
  mutating func take(force: Bool = false) -> [Item] {
    guard isSocketWritable || force, !items.isEmpty else { return [] }
    defer { removeAll() }
    return items
  }

  mutating func removeAll() {
    items = []
    bytes = 0
  }
}

import HookupCore

/// What the keys mean at the moment.
enum Mode: Hashable, Sendable {
  /// They write the draft.
  case write
  /// They write what is looked for in the room.
  case find(Finder)
  /// They write what is looked for among the lines that were sent.
  case recall(Recall)
  /// They choose a message, by the number of its line, and do something with it. `asks`: d was pressed once.
  case select(UInt64, asks: Bool)
  /// They write the name of a room to go to, and choose among those that fit.
  case choose(query: String, selected: Int)
}

/// A search in the room, while it is written.
struct Finder: Hashable, Sendable {
  /// Characters of a query; more are not taken.
  static let maximumCharacters = 100

  var query = ""
  /// The line that was found.
  var match: UInt64?
  /// There is no further match in the direction of the last step.
  var isMissed = false
  /// In all rooms, by the server, instead of here.
  var isEverywhere = false
  /// Where the view stood before.
  var start: ChatWindow.Scroll?
}

/// A search among the lines that were sent, while it is written.
struct Recall: Hashable, Sendable {
  var query = ""
  /// The line that was found, as an index into the history.
  var match: Int?
  var isMissed = false
}

/// A page of entries from one room or several, of which one can be gone to.
struct ListPage: Hashable, Sendable {
  struct Item: Hashable, Sendable {
    var room: RoomName
    var offset: UInt64
    var from: Nick
    var milliseconds: Int64
    /// From the network; what was found in it stands between U+2068 and U+2069.
    var text: String
  }

  /// Items at most; older ones go.
  static let maximumItems = 200

  var title: String
  /// What stands there when there are none.
  var emptyText: String
  /// The newest or the best first.
  var items: [Item]
  var selected = 0

  mutating func move(by step: Int) {
    selected = min(max(0, selected + step), max(0, items.count - 1))
  }
}

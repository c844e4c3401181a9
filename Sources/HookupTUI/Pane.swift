/// The panes beside the chat, in the order in which they stand and keep their place when there is little.
enum Pane: CaseIterable, Hashable, Sendable {
  case link, acks, backlog, members
  /// The list of rooms, on the left of a wide screen.
  case rooms

  /// As `/panes` names it.
  var word: String {
    switch self {
    case .link: "link"
    case .acks: "acks"
    case .backlog: "backlog"
    case .members: "people"
    case .rooms: "rooms"
    }
  }

  init?(word: String) {
    guard let pane = Pane.allCases.first(where: { $0.word == word }) else { return nil }
    self = pane
  }

  /// Those on the right side.
  static let side: [Pane] = [.link, .acks, .backlog, .members]

  /// The function key that shows or hides it.
  var functionKey: Int? {
    switch self {
    case .link: 2
    case .acks: 3
    case .backlog: 4
    case .members: 5
    case .rooms: nil
    }
  }
}

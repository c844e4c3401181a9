import HookupCore

/// HERE: the people in the room, in the order of the alphabet.
enum MembersPane {
  /// - Parameter away: those who said that they are away: dim, in brackets.
  static func content(
    members: [Nick], me: Nick, away: Set<Nick> = [], columns: Int, rows: Int, signs: Signs
  ) -> PaneContent {
    var content = PaneContent(
      title: "HERE \(members.count)", summary: StyledText(""), essential: 1)
    var row = StyledText()
    var shown = 0
    for nick in members {
      var name = StyledText()
      if nick == me { name.append("@", .dim) }
      let isAway = away.contains(nick)
      name.append(
        isAway ? "(\(nick.text))" : nick.text,
        CellStyle(isAway ? .dim : NickColour.role(of: nick)))
      name = name.truncated(to: columns, ellipsis: signs.ellipsis)
      if row.width > 0, row.width + 2 + name.width > columns {
        content.body.append(row)
        row = StyledText()
        guard content.body.count < rows else { break }
      }
      if row.width > 0 { row.append("  ") }
      row.append(name)
      shown += 1
    }
    if row.width > 0 { content.body.append(row) }
    if members.isEmpty { content.body = [StyledText("nobody yet", .dim)] }
    if shown < members.count, !content.body.isEmpty {
      content.body[content.body.count - 1] = StyledText("and \(members.count - shown) more", .dim)
    }
    return content
  }
}

/// The colour of a nick: the same on every screen and in every run.
enum NickColour {
  private static let roles: [CellStyle.Role] = [
    .nick0, .nick1, .nick2, .nick3, .nick4, .nick5, .nick6, .nick7, .nick8, .nick9, .nick10,
    .nick11,
  ]

  /// FNV-1a over the nick's bytes; Swift's own hash differs from run to run.
  static func role(of nick: Nick) -> CellStyle.Role {
    var hash: UInt32 = 0x811C_9DC5
    for byte in nick.text.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return roles[Int(hash % UInt32(roles.count))]
  }
}

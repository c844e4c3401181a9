import HookupCore

/// What the engine reports.
extension ChatScreen {
  mutating func apply(_ update: ChatUpdate, at clock: ScreenClock) -> [ScreenEffect] {
    let now = clock.wallMilliseconds
    switch update {
    case .welcomed(let nick): welcome(nick, at: clock)
    case .joined(let snapshot): join(snapshot, at: clock)
    case .parted(let room):
      if leaving.remove(room) == nil, let index = index(of: room) {
        windows[index].timeline.applyNotice("you are no longer in \(room.label)", at: now)
        // Who comes and goes there is not told any more.
        windows[index].setMembers([])
      }
    case .entry(let entry): return apply(entry, at: clock)
    case .gap(let room, let from, let to):
      if let index = openUnlessLeft(room) {
        windows[index].timeline.applyGap(from: from, to: to, at: now)
      }
    case .page(let page): return apply(page, at: clock)
    case .rewound(let room, let offset):
      if let index = index(of: room) {
        windows[index].timeline.rewind(after: offset)
        windows[index].catchUp = nil
        windows[index].toldRead = 0
      }
    case .arrived(let room, let nick):
      if let index = index(of: room) {
        windows[index].arrive(nick)
        windows[index].timeline.applyPresence(nick, arrived: true, at: now)
      }
    case .left(let room, let nick):
      if let index = index(of: room) {
        windows[index].leave(nick)
        windows[index].timeline.applyPresence(nick, arrived: false, at: now)
      }
    case .members(let room, let nicks): setMembers(room, nicks, at: now)
    case .own(let own):
      acks.note(own, now: clock.now)
      if let index = openUnlessLeft(own.room) { windows[index].timeline.apply(own) }
    case .overdue: break  // The acks pane shows its age against its deadline.
    case .refused(let code, let message, let room):
      let text = Sanitizer.clean("refused (\(code)): \(message)")
      windows[room.flatMap(index(of:)) ?? current].timeline.applyFailure(text, at: now)
    case .notice(let text): note(text, at: clock)
    default: applyPersonal(update, at: clock)
    }
    return []
  }

  /// What is for this person only: a sentence in the window that is shown.
  private mutating func applyPersonal(_ update: ChatUpdate, at clock: ScreenClock) {
    switch update {
    case .account(let account):
      note("logged in as \(account.nick)\(account.isOperator ? ", an operator" : "")", at: clock)
    case .memberships(let rooms):
      let names = rooms.prefix(20).map(\.room.label).joined(separator: " ")
      note("you are a member of \(names)\(rooms.count > 20 ? " …" : "")", at: clock)
    case .invited(let room, let nick):
      note("\(nick) invites you to \(room.room.label): /join \(room.room.label)", at: clock)
    case .typing(let room, let who):
      if who != nick, !ignored.contains(who.folded), let index = index(of: room) {
        windows[index].noteTypist(who, at: clock.now)
      }
    case .read(let room, let offset):
      if let index = index(of: room) {
        windows[index].timeline.applyRead(offset)
        windows[index].toldRead = max(windows[index].toldRead, offset)
      }
    case .away(let who, let text):
      note(away: who, !text.isEmpty)
      guard who != nick else { break }
      let words = Sanitizer.clean(text, limit: 200)
      note(words.isEmpty ? "\(who) is back" : "\(who) is away: \(words)", at: clock)
    case .person(let person): note(Self.sentence(about: person, clock), at: clock)
    case .found(let hits, let more): show(hits, more: more, at: clock)
    case .devices(let devices):
      for device in devices {
        let name = Sanitizer.clean(device.name, limit: 64)
        let seen = NumberText.clock(device.seen, clock.utcOffsetSeconds)
        note(
          "device \(Sanitizer.clean(device.id, limit: 32)) \(name), seen \(seen)\(device.isThis ? ", this one" : "")",
          at: clock)
      }
    case .serverNotice(let code, let message):
      let text = Sanitizer.clean(message, limit: 400)
      report(text, isFailure: code == .readOnly, at: clock)
    default: break
    }
  }

  private static func sentence(about person: ChatPerson, _ clock: ScreenClock) -> String {
    var words = "\(person.nick): \(person.isAccount ? "an account" : "a guest"), "
    words += person.isOnline ? "here" : "not here"
    if let away = person.away { words += ", away: \(Sanitizer.clean(away, limit: 200))" }
    if !person.isOnline, let seen = person.seen {
      words += ", last seen \(ISO8601Time.text(milliseconds: seen))"
    }
    return words
  }

  private mutating func note(away who: Nick, _ isAway: Bool) {
    guard isAway, away.count < Self.maximumNicks else {
      away.remove(who)
      return
    }
    away.insert(who)
  }

  mutating func apply(_ link: LinkStatus, at clock: ScreenClock) {
    let before = connection.link.state
    connection.update(link, now: clock.now)
    guard before != link.state else { return }
    let wasUp = ConnectionPane.isUp(before)
    if wasUp, !ConnectionPane.isUp(link.state) {
      lostAt = clock.now
      let reason = connection.link.lastFailure.map { " (\($0))" } ?? ""
      reportLink(
        link.state == .offline
          ? "offline\(reason); what you write is kept"
          : "link lost\(reason); what you write is kept and sent when it is back",
        isFailure: link.state != .offline, at: clock)
    } else if link.state == .online, let lost = lostAt {
      lostAt = nil
      reportLink("back after \(NumberText.age(lost.duration(to: clock.now)))", at: clock)
    }
  }

  /// In the status window, and in the one that is shown.
  private mutating func report(_ text: String, isFailure: Bool = false, at clock: ScreenClock) {
    for index in Set([0, current]) {
      if isFailure {
        windows[index].timeline.applyFailure(text, at: clock.wallMilliseconds)
      } else {
        windows[index].timeline.applyNotice(text, at: clock.wallMilliseconds)
      }
    }
  }

  /// The same about the connection: what it does over and over is one line.
  private mutating func reportLink(
    _ text: String, isFailure: Bool = false, at clock: ScreenClock
  ) {
    for index in Set([0, current]) {
      windows[index].timeline.applyLink(
        Sanitizer.clean(text), isFailure: isFailure, at: clock.wallMilliseconds)
    }
  }

  private mutating func welcome(_ nick: Nick, at clock: ScreenClock) {
    guard nick != self.nick else { return }
    self.nick = nick
    for index in windows.indices { windows[index].timeline.nick = nick }
    note("the server knows you as \(nick)", at: clock)
  }

  private mutating func join(_ snapshot: RoomSnapshot, at clock: ScreenClock) {
    leaving.remove(snapshot.room)
    let isFirst = windows.count == 1
    guard let index = open(snapshot.room) else { return }
    windows[index].topic = Sanitizer.clean(snapshot.topic)
    windows[index].setMembers(snapshot.members)
    if let read = snapshot.read {
      windows[index].timeline.applyRead(read)
      windows[index].toldRead = max(windows[index].toldRead, read)
    }
    let have = windows[index].timeline.lastOffset
    if have > 0, snapshot.last > have {
      windows[index].timeline.catchUp(to: snapshot.last)
      windows[index].catchUp = ChatWindow.CatchUp(
        from: have, to: snapshot.last, since: clock.now)
    } else {
      windows[index].catchUp = nil
    }
    let isWanted = wanted.remove(snapshot.room) != nil
    if isWanted || (isFirst && editor.isEmpty) { show(index) }
  }

  private mutating func setMembers(_ room: RoomName, _ nicks: [Nick], at now: Int64) {
    guard let index = index(of: room) else { return }
    windows[index].setMembers(nicks)
    guard askedNames.remove(room) != nil else { return }
    let names = windows[index].members.prefix(100).map(\.text).joined(separator: ", ")
    windows[index].timeline.applyNotice("\(nicks.count) here: \(names)", at: now)
  }

  private mutating func apply(_ entry: RoomEntry, at clock: ScreenClock) -> [ScreenEffect] {
    guard let index = openUnlessLeft(entry.room) else { return [] }
    let last = windows[index].timeline.lastOffset
    let isIgnored = ignored.contains(entry.from.folded)
    let isMention = windows[index].timeline.apply(entry, isIgnored: isIgnored)
    guard entry.offset > last else { return [] }
    if entry.kind == .topic { windows[index].topic = Sanitizer.clean(entry.text) }
    var effects: [ScreenEffect] = []
    // The first entries of a room that was opened to show an older message.
    if index == current, let offset = window.seek, !window.isFetching,
      entry.offset >= offset || last == 0
    {
      effects = seek(offset, at: clock)
    }
    guard entry.from != nick, entry.kind.isSpeech, !isIgnored else { return effects }
    windows[index].noteSpeaker(entry.from)
    if isMention { noteMention(entry) }
    let isWatched = index == current && isFocused
    return effects + alert(entry, isMention: isMention, isWatched: isWatched, at: clock)
  }

  /// The bell, and what else the person has chosen, for a message that wants to be seen.
  private func alert(
    _ entry: RoomEntry, isMention: Bool, isWatched: Bool, at clock: ScreenClock
  ) -> [ScreenEffect] {
    // What was said while we were away does not ring now.
    let age = clock.wallMilliseconds.subtractingReportingOverflow(entry.milliseconds)
    guard !isWatched, isMention || entry.room.isDirect, !age.overflow, age.partialValue < 60_000
    else { return [] }
    let notification = ScreenNotification(
      room: entry.room, from: entry.from, text: Sanitizer.clean(entry.text, limit: 300),
      isMention: isMention)
    return (rings ? [.bell] : []) + [.notify(notification)]
  }

  /// The window of a room, which opens when a stranger writes; not one that the person has just left.
  private mutating func openUnlessLeft(_ room: RoomName) -> Int? {
    leaving.contains(room) ? nil : open(room)
  }
}

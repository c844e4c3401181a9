import CNcursesw
import Glibc
import HookupCore
import HookupEngine
import HookupTUI

/// Runs a ``ChatScreen`` on the terminal: keys, signals and news go in, frames and effects come out.
///
/// ``run()`` may be called from anywhere; the screen lives on ``TerminalActor``, the effects are carried out off it, one
/// after the other.
struct TerminalApp: Sendable {
  /// Why the screen was left.
  enum End: Hashable, Sendable {
    case quit
    /// SIGTERM, SIGHUP or SIGINT came.
    case signal(Int32)
    /// The terminal is gone.
    case hungUp
    case cancelled
  }

  let screen: ChatScreen
  let feed: TerminalFeed
  let options: TerminalOptions
  let perform: @Sendable (ScreenEffect) async -> Void
  /// What the screen takes before its first frame.
  var beginning: [ScreenEvent] = []
  /// Is given what is to be left to the next run: when it has changed, at most once a second, and when the screen is left,
  /// however that comes about. Must not wait.
  var keep: (@Sendable (SavedScreen) -> Void)?

  /// - Parameters:
  ///   - feed: the news; it is closed when the screen is left.
  ///   - perform: carries out one effect. Those that concern the terminal (`bell`, `redraw`, `suspend`, `quit`) are
  ///     done here and not handed on.
  init(
    screen: ChatScreen, feed: TerminalFeed, options: TerminalOptions = TerminalOptions(),
    perform: @escaping @Sendable (ScreenEffect) async -> Void
  ) {
    self.screen = screen
    self.feed = feed
    self.options = options
    self.perform = perform
  }

  /// How long the effects that still wait when the screen is left may take. 0 would drop what was sent right before
  /// quitting; a minute would keep a person waiting for a full outbox.
  private static let grace = Duration.seconds(5)

  /// Shows the screen until the person quits, a signal comes, the terminal goes away or the task is cancelled. The
  /// terminal is restored first; then the effects that still wait are carried out, those that take longer than 5 s are
  /// cancelled; then this returns.
  ///
  /// - Throws: ``HookupError`` with one sentence when there is no usable terminal.
  func run() async throws -> End {
    try TerminalActor.shared.thread.start()
    let effects = EffectQueue(wake: { TerminalActor.shared.thread.wake() })
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await effects.perform(perform) }
      let end = await Result { () async throws in try await show(effects) }
      feed.chat.close()
      effects.close()
      group.addTask { try? await Task.sleep(for: Self.grace) }
      _ = try await group.next()
      group.cancelAll()
      return try end.get()
    }
  }

  @TerminalActor
  private func show(_ effects: EffectQueue) async throws -> End {
    // Before ncurses, which puts its own handlers only where there are none.
    TerminalActor.shared.thread.watchSignals()
    defer { TerminalActor.shared.thread.ignoreSignals() }
    let terminal = try NcursesTerminal(options: options)
    defer { terminal.close() }
    let loop = TerminalLoop(
      screen: screen, terminal: terminal, feed: feed, effects: effects, keep: keep)
    return await loop.run(beginning: beginning)
  }
}

/// One run of the loop: the only owner of the screen value while it is shown.
@TerminalActor
final class TerminalLoop {
  /// Chat updates that are applied before keys are looked at again.
  private static let updatesPerTurn = 256
  /// The least time between two ticks, whatever the screen asks for.
  private static let minimumTick = Duration.milliseconds(20)
  /// The least time between two savings. More: a kill takes more of a draft. Less: more writing on the disk.
  private static let keepInterval = Duration.seconds(1)

  private var screen: ChatScreen
  private let terminal: NcursesTerminal
  private let feed: TerminalFeed
  private let effects: EffectQueue
  private let keep: (@Sendable (SavedScreen) -> Void)?
  /// What was kept last, when, and when the next look is due; nil while nothing has happened since.
  private var kept: SavedScreen?
  private var keptAt: MonotonicInstant?
  private var keepDue: MonotonicInstant?
  private var decoder = KeyDecoder()
  private var pacer = PaintPacer()
  private var clock = ClockReader()
  private var tick: MonotonicInstant?
  private var lastTick = MonotonicInstant.zero
  private var end: TerminalApp.End?

  init(
    screen: ChatScreen, terminal: NcursesTerminal, feed: TerminalFeed, effects: EffectQueue,
    keep: (@Sendable (SavedScreen) -> Void)? = nil
  ) {
    self.screen = screen
    self.terminal = terminal
    self.feed = feed
    self.effects = effects
    self.keep = keep
  }

  func run(beginning: [ScreenEvent] = []) async -> TerminalApp.End {
    defer { keepNow() }
    for event in beginning { apply(event) }
    resized()
    var moreInput = false
    var hasMoreNews = false
    while true {
      // In a lively room each line would wake this thread; what cannot be painted yet waits in its queue.
      let isEarly = !hasMoreNews && pacer.nextPaint > .now
      if !isEarly { hasMoreNews = takeNews() }
      if let end { return end }
      if Task.isCancelled { return .cancelled }
      tickIfDue()
      paintIfDue()
      if let keepDue, keepDue <= .now { keepNow() }
      let deadline = [nextDeadline(), isEarly ? pacer.nextPaint : nil].compactMap { $0 }.min()
      let wake = await TerminalActor.shared.thread.wait(
        until: hasMoreNews || moreInput ? .now : deadline, input: effects.hasRoom)
      for signal in wake.signals { take(signal: signal) }
      moreInput = effects.hasRoom && readKeys(isReady: wake.input || moreInput)
    }
  }

  // MARK: Events

  private func apply(_ event: ScreenEvent) {
    noteChange(event)
    for effect in screen.update(event, at: clock.read()) {
      switch effect {
      case .bell: terminal.bell()
      case .redraw: terminal.forget()
      case .suspend: suspend(group: true)
      case .setMouse(let isOn): terminal.setMouse(isOn)
      case .showPlain(let lines):
        terminal.showPlain(lines)
        resized()
      case .edit(let text): edit(text)
      case .notify(let notification):
        let words = "\(notification.room.label) <\(notification.from)> \(notification.text)"
        terminal.notify(String(words.unicodeScalars.prefix(200)))
        effects.append(effect)
      case .setTheme(let name): setTheme(name)
      case .quit: end = end ?? .quit
      default: effects.append(effect)
      }
    }
  }

  /// True when there is more.
  private func takeNews() -> Bool {
    let events = feed.take(Self.updatesPerTurn)
    guard !events.isEmpty else { return false }
    for event in events { apply(event) }
    pacer.changed(at: .now)
    return !feed.chat.isEmpty
  }

  /// True when there may be more.
  private func readKeys(isReady: Bool) -> Bool {
    let now = MonotonicInstant.now
    var hasMore = false
    if isReady {
      let input = terminal.readInput()
      for input in input.inputs { decoder.receive(input, at: now) }
      hasMore = input.hasMore
      if input.isHungUp { end = end ?? .hungUp }
    }
    decoder.settle(at: now)
    for key in decoder.takeKeys() {
      apply(.key(key))
      pacer.changedByHand(at: now)
    }
    let dropped = decoder.takeDroppedPasteBytes()
    if dropped > 0 {
      let limit = decoder.configuration.maximumPasteBytes >> 10
      apply(
        .chat(
          .notice(
            "The paste was longer than \(limit) KiB: its last \(dropped) bytes were left out.")))
    }
    return hasMore
  }

  private func take(signal: Int32) {
    switch signal {
    case SIGWINCH: resized()
    case SIGCONT:
      terminal.continued()
      resized()
    case SIGTSTP: suspend(group: false)
    default: end = end ?? .signal(signal)
    }
  }

  /// The screen stands still meanwhile; the network goes on.
  private func edit(_ text: String) {
    do {
      let edited = try terminal.edit(text, limit: ChatScreen.maximumDraftBytes)
      apply(.edited(edited))
    } catch {
      apply(.edited(nil))
      apply(.chat(.notice("\(error)")))
    }
    // ^C in the editor was for the editor.
    for signal in [SIGINT, SIGTSTP, SIGCONT] {
      TerminalActor.shared.thread.forget(signal: signal)
    }
    resized()
  }

  private func setTheme(_ name: String) {
    do {
      terminal.use(try ThemeFile.theme(name))
    } catch {
      apply(.chat(.notice("\(error)")))
    }
  }

  private func suspend(group: Bool) {
    terminal.suspend(group: group)
    // The terminal has been taken back already: once more would make the screen flash.
    TerminalActor.shared.thread.forget(signal: SIGCONT)
    resized()
  }

  private func resized() {
    terminal.resize()
    apply(.resized(columns: terminal.columns, rows: terminal.rows))
    pacer.changedByHand(at: .now)
  }

  // MARK: Keeping

  /// Whether `event` may change what the next run begins with.
  private func noteChange(_ event: ScreenEvent) {
    guard keep != nil, keepDue == nil else { return }
    switch event {
    case .key, .chat, .edited:
      let now = MonotonicInstant.now
      keepDue = keptAt.map { max(now, $0 + Self.keepInterval) } ?? now
    default: break
    }
  }

  private func keepNow() {
    guard let keep else { return }
    keepDue = nil
    keptAt = .now
    let saved = screen.saved
    guard saved != kept else { return }
    kept = saved
    keep(saved)
  }

  // MARK: Time

  private func tickIfDue() {
    let now = MonotonicInstant.now
    guard let tick, tick <= now else { return }
    lastTick = now
    apply(.tick)
    pacer.changed(at: now)
  }

  /// When to wake up at the latest. The screen names the next tick as seen from now, so it is kept until it has come.
  private func nextDeadline() -> MonotonicInstant? {
    tick = screen.nextTick(at: clock.read()).map { max($0, lastTick + Self.minimumTick) }
    return [pacer.due, decoder.nextDeadline, tick, keepDue].compactMap { $0 }.min()
  }

  private func paintIfDue() {
    let now = MonotonicInstant.now
    guard let due = pacer.due, due <= now else { return }
    guard terminal.isWritable else { return pacer.postponed(at: now) }
    terminal.draw(screen.render(at: clock.read()))
    pacer.painted(at: now)
  }
}

extension Result where Failure == any Error {
  /// What an asynchronous body returned or threw.
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}

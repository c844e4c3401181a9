import HookupCore

/// The chat client's whole screen as a value: events in, effects out, and a picture on demand.
///
/// The shell feeds every ``ScreenEvent`` to ``update(_:at:)``, carries out the effects in order, then paints
/// ``render(at:)``; it waits for the next event or for ``nextTick(at:)``, whichever is first.
public struct ChatScreen: Sendable {
  var columns = 80
  var rows = 24

  /// - Parameters:
  ///   - nick: the person at the terminal.
  ///   - rooms: opened at once, so that one can read and write from the first frame; the first is shown.
  ///   - server: the server as it is shown: its URL.
  public init(
    nick: Nick, rooms: [RoomName] = [], server: String = "",
    options: ScreenOptions = ScreenOptions()
  ) {
  }

  /// Takes one event and returns what the shell is to do because of it, in order.
  public mutating func update(_ event: ScreenEvent, at clock: ScreenClock) -> [ScreenEffect] {
    []
  }

  /// The picture for the size of the last ``ScreenEvent/resized(columns:rows:)`` (80 x 24 before the first).
  public func render(at clock: ScreenClock) -> ScreenBuffer {
    ScreenBuffer(columns: columns, rows: rows)
  }

  /// When something on the screen changes by the passing of time alone: countdowns and ages at most ten times a
  /// second, the uptime once a second, the clock once a minute.
  public func nextTick(at clock: ScreenClock) -> MonotonicInstant? {
    nil
  }
}

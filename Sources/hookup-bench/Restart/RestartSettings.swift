import HookupCore

/// What a run of the restart rig does.
struct RestartSettings: Sendable {
  /// People who are connected all the time.
  var clients = 1_000
  /// How many of them say something.
  var senders = 50
  /// Rooms, of which everybody reads one.
  var rooms = 20
  /// How often the server is stopped and started.
  var rounds = 3
  /// The server's `drain-window`, whole seconds.
  var window = Duration.seconds(30)
  /// The server's `restart-time`, whole seconds.
  var restartTime = Duration.seconds(1)
  /// Messages a second, of all senders together.
  var rate = 200.0
  var seed: UInt64 = 1
  /// How long each wait may take, beside the window: to be connected, to come back, to have read everything.
  var patience = Duration.seconds(60)

  /// How long the server's clients come back for.
  var spread: Duration { ReconnectSlots.window(for: clients, atMost: window) }

  /// What no run takes longer than.
  var limit: Duration {
    (patience + restartTime + spread + .seconds(40)) * rounds + patience * 4
  }

  /// The room that client number `index` reads and speaks in.
  func room(of index: Int) -> String { "restart-\(index % rooms)" }

  var serverConfiguration: String {
    "drain-window = \(window.components.seconds)\nrestart-time = \(restartTime.components.seconds)\n"
  }
}

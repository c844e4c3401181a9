import Glibc
import HookupEngine

/// Gives each program its server, and takes its figures.
struct TerminalRun: Sendable {
  let place: TorturePlace
  let effort: TerminalTrial.Effort

  /// Nil when the program is not installed.
  func measure(_ kind: ChatProgram.Kind) async throws -> (name: String, figures: TerminalFigures)? {
    let home = place.path(kind.rawValue, in: "homes")
    guard let program = ChatProgram(kind, programs: place.programs, home: home) else { return nil }
    let trial = TerminalTrial(program: program, effort: effort)
    guard kind == .hookup else {
      let server = try IRCLines()
      defer { server.close() }
      return (program.name, try await trial.run(server))
    }
    let (server, port) = try await startServer()
    let figures = try await trial.run(try HookupLines(port: port, reader: "alice"))
    await server.stop()
    return (program.name, figures)
  }

  private func startServer() async throws -> (TortureServer, Int) {
    let options = ["--config", try configuration()]
    var tries = 20
    while true {
      let port = Int.random(in: 20_000...30_000)
      let server = TortureServer(place, port: port, options: options)
      do {
        try await server.start()
        return (server, port)
      } catch let error as HookupError where error.code == .bindFailed && tries > 0 {
        tries -= 1
      }
    }
  }

  /// A server that holds nobody up.
  private func configuration() throws(HookupError) -> String {
    let path = place.path("server.toml", in: "server")
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw HookupError(.storage, "'\(path)' cannot be written") }
    Streams.write(
      "[limits]\ncommands-per-second = 0\naddress-commands-per-second = 0\n", to: descriptor)
    close(descriptor)
    return path
  }
}

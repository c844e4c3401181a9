import ArgumentParser
import HookupCore
import HookupEngine
import Logging

/// A server to be measured.
struct ServeCommand: AsyncParsableCommand {
  enum Mode: String, ExpressibleByArgument, CaseIterable {
    case echo, broadcast, acked, legacy
  }

  enum Engine: String, ExpressibleByArgument, CaseIterable {
    case hookup, nio
  }

  enum Style: String, ExpressibleByArgument, CaseIterable {
    case frames, events
  }

  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serves to be measured.",
    discussion: """
      echo sends each message back as it came; broadcast sends each to all other connections; acked acks each \
      ack_request of jsonProtocol and says nothing else; legacy is a test peer for clients of the original Hookup.

      Prints one line, 'listening on ws://HOST:PORT/', to standard output when it is ready. SIGTERM and SIGINT end it.
      """)

  @Option(help: "What it does: \(Mode.allCases.map(\.rawValue).joined(separator: ", ")).")
  var mode: Mode

  @Option(help: "hookup: this package's server; nio: SwiftNIO with NIOWebSocket, to compare with.")
  var engine = Engine.hookup

  @Option(
    help:
      "How the hookup engine serves: frames, on the event loop; events, in a task for each connection."
  )
  var style = Style.frames

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The TCP port; 0 picks a free one.")
  var port = 8127

  @Option(help: "Event loops.")
  var threads = 1

  @Option(help: ArgumentHelp("A PEM file: serves wss://.", valueName: "file"))
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"))
  var tlsKey: String?

  @Flag(help: "Agrees to permessage-deflate; the hookup engine only.")
  var deflate = false

  func validate() throws {
    try require(0...65_535, port, "port")
    try require(1...256, threads, "threads")
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-certificate and --tls-key go together.")
    }
    if engine == .nio, deflate {
      throw ValidationError("--deflate needs --engine hookup.")
    }
    if engine == .nio, mode == .legacy {
      throw ValidationError("--mode legacy needs --engine hookup.")
    }
  }

  func run() async throws {
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = .warning
      return handler
    }
    ThisProcess.raiseDescriptorLimit()
    let signal = TerminationSignal()
    do {
      switch engine {
      case .hookup: try await HookupServe(plan).run(until: signal.wait) { Streams.line($0) }
      case .nio: try await NIOServe(plan).run(until: signal.wait) { Streams.line($0) }
      }
    } catch {
      Streams.complain(describe(error))
      throw ExitCode(1)
    }
  }

  private var plan: ServePlan {
    var plan = ServePlan(mode: mode)
    plan.host = host
    plan.port = port
    plan.threads = threads
    plan.style = style
    plan.deflates = deflate
    if let tlsCertificate, let tlsKey {
      plan.tls = ServerTLS(certificateChainFile: tlsCertificate, privateKeyFile: tlsKey)
    }
    return plan
  }
}

/// What is to be served, whatever the engine.
struct ServePlan: Sendable {
  var mode: ServeCommand.Mode
  var style = ServeCommand.Style.frames
  var host = "127.0.0.1"
  var port = 0
  var threads = 1
  var tls: ServerTLS?
  var deflates = false

  /// More than one process here can open.
  static let maximumConnections = 100_000
  /// The largest message of the conformance suite is 16 MiB.
  static let maximumMessageBytes = 64 << 20
}

import ArgumentParser

/// A bad network to put between a client and a server.
struct ProxyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy",
    abstract: "Passes TCP connections on, and does to them what a bad network does.",
    discussion: """
      cut ends connections with FIN, reset with RST after half of a read; blackhole lets what goes one way vanish and \
      then resets; trickle passes a byte a second one way; split passes reads byte by byte; delay holds each read back. \
      All open connections are hit at once, or one at a time with --one.

      Prints 'listening on HOST:PORT' when it is ready. SIGTERM and SIGINT end it, and it prints how many faults there were.
      """)

  @Option(help: "The port to listen on; 0 picks a free one.")
  var listen = 0

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: ArgumentHelp("Where the connections go.", valueName: "host:port"))
  var to: Endpoint

  @Option(help: "A kind of fault; several may be given, which take turns.")
  var fault: [LinkFault.Kind] = []

  @Option(help: "The time from one fault to the next.")
  var every = DurationArgument(.seconds(1))

  @Option(help: "How long a fault that lasts takes, at most.")
  var lasting = DurationArgument(.seconds(3))

  @Flag(help: "One connection at a time, drawn at random, and not all.")
  var one = false

  @Option(help: "Decides everything that is drawn at random.")
  var seed: UInt64 = 1

  func validate() throws {
    try require(0...65_535, listen, "listen")
    guard every.duration >= .milliseconds(10) else {
      throw ValidationError("--every is \(every): it must be at least 10ms.")
    }
  }

  func run() async throws {
    let signal = TerminationSignal()
    do {
      let proxy = try await FaultProxy.start(host: host, port: listen, to: (to.host, to.port))
      Streams.line("listening on \(host):\(proxy.port)")
      await withTaskGroup(of: Void.self) { tasks in
        if !fault.isEmpty { tasks.addTask { await strike(proxy) } }
        tasks.addTask { await signal.wait() }
        // Without faults there is only the signal to wait for.
        await tasks.next()
        tasks.cancelAll()
      }
      await show(await proxy.counts())
      await proxy.close()
    } catch {
      Streams.complain(error.message)
      throw ExitCode(1)
    }
  }

  private func strike(_ proxy: FaultProxy) async {
    var plan = FaultPlan(seed: seed, kinds: fault)
    plan.durations = min(.milliseconds(300), lasting.duration)...lasting.duration
    let clock = ContinuousClock()
    var due = clock.now
    while true {
      due += every.duration
      do { try await clock.sleep(until: due) } catch { return }
      let next = plan.next()
      if one {
        let pick = plan.pick(among: FaultProxy.maximumLinks) ?? 0
        _ = await proxy.strike(next) { count in count > 0 ? pick % count : nil }
      } else {
        await proxy.strikeAll(next)
      }
    }
  }

  private func show(_ counts: [LinkFault.Kind: Int]) async {
    var report = Report()
    for kind in LinkFault.Kind.allCases where fault.contains(kind) {
      report.add(kind.rawValue, .count(counts[kind] ?? 0))
    }
    Streams.write(report.table(), to: 1)
  }
}

/// `HOST:PORT` on the command line.
struct Endpoint: ExpressibleByArgument, Hashable {
  let host: String
  let port: Int

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"), colon > argument.startIndex,
      let port = Int(argument[argument.index(after: colon)...]), (1...65_535).contains(port)
    else { return nil }
    host = String(argument[..<colon])
    self.port = port
  }
}

extension LinkFault.Kind: ExpressibleByArgument {}

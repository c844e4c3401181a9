import HookupCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Everything a ``ChatServer`` can be told.
public struct ChatServerConfiguration: Sendable {
  /// Where it listens, TLS, connection limits, pings, `onStart`. The chat's defaults differ from those of any
  /// ``HookupServer`` in this: messages of at most 64 KiB, and at most 256 messages or 256 KiB of one client that wait to be
  /// looked at. ``ServerConfiguration/acknowledgements`` is not asked: the chat confirms a message when it is committed.
  public var server: ServerConfiguration

  /// The bounds that clients are told.
  public var limits = ChatLimits()

  /// Rooms with readers, in all. Default 10,000, each about 300 bytes and 100 for each reader; one more is refused with
  /// `server_full`.
  public var maximumOpenRooms = 10_000

  /// Readers up to which a room tells who arrives and leaves. Default 500. 0 tells nobody; in a room of thousands a restart
  /// costs the square of their number in messages.
  public var presenceMembers = 500

  /// Offers `hookup.resume.v1`, before all other subprotocols: what a client sends is stored exactly once, whatever crashes.
  /// Default true. False leaves clients with acks, of which a message that was stored just before a crash is only known by
  /// its id. Bounds are those of ``ServerConfiguration/sessions``; its store is always the chat's.
  public var offersSessions = true

  /// How people log in; nil leaves a server without accounts, on which a nick is whoever has it. Default: guests may be here, and
  /// register.
  public var accounts: AccountSettings? = AccountSettings()

  /// Hears who logged in and who moderated, on any thread; it must not wait. Default: nobody.
  public var audit: @Sendable (AuditRecord) -> Void = { _ in }

  /// Readers of one room. Default 10,000; one more is refused with `room_full`.
  public var readersPerRoom = 10_000

  /// Commands of one person a second, and so many at once after a rest. Default 200 and 2,000; 0 a second: no limit. What is beyond waits
  /// its turn and its sender is told: nothing is lost, and nothing is refused.
  public var commandsPerPerson = (perSecond: 200, burst: 2_000)

  /// The same of all who come from one address, IPv6 by /64. Default 2,000 and 20,000.
  public var commandsPerAddress = (perSecond: 2_000, burst: 20_000)

  /// Searches of one person. Default 1 a second, 5 at once; one more is refused with `too_fast`.
  public var searches = (perSecond: 1, burst: 5)

  /// Messages of a connection, one after the other, that are no commands; one more closes it with 1008. Default 16.
  public var badCommands = 16

  /// Live connections of one person. Default 8; one more closes the oldest with 4009.
  public var connectionsPerPerson = 8

  /// Which old entries go. Default: none. Looked at each ``retentionInterval``, in small steps between which others write.
  public var retention = RoomRetention()
  /// Default 60 s.
  public var retentionInterval = Duration.seconds(60)

  /// How long a new connection may take to say hello. Default 60 s, enough to type one by hand; then it is closed with
  /// 1008. Short times cut off slow networks, long ones let strangers hold connections.
  public var helloTimeout = Duration.seconds(60)

  /// The clock that stamps messages: milliseconds since 1970. Default: the system's.
  public var clock: @Sendable () -> Int64 = ChatServerConfiguration.systemClock

  public init(host: String = "127.0.0.1", port: Int = 8127) {
    server = ServerConfiguration(host: host, port: port)
    server.limits.maximumMessageBytes = 64 << 10
    server.limits.inboundEvents = 256
    server.limits.inboundBytes = 256 << 10
  }

  /// Looks for what would keep ``ChatServer/run()`` from listening, as ``ServerConfiguration/check()`` does, and for bounds that
  /// contradict each other.
  /// - Throws: ``HookupError/Code/invalidArgument`` with the value or the file.
  public func check() throws(HookupError) {
    try validate()
    try server.check()
  }

  /// - Throws: ``HookupError/Code/invalidArgument`` for bounds that contradict each other, by name.
  func validate() throws(HookupError) {
    try Self.check(limits.textBytes, "textBytes", 1...(32 << 10))
    try Self.check(limits.topicBytes, "topicBytes", 1...(4 << 10))
    try Self.check(limits.roomsPerConnection, "roomsPerConnection", 1...10_000)
    try Self.check(limits.page, "page", 1...1_000)
    try Self.check(limits.members, "members", 1...2_000)
    try Self.check(limits.directRooms, "directRooms", 0...2_000)
    try Self.check(limits.outstandingCommands, "outstandingCommands", 1...100_000)
    try Self.check(maximumOpenRooms, "maximumOpenRooms", 1...10_000_000)
    try Self.check(readersPerRoom, "readersPerRoom", 1...10_000_000)
    try Self.check(badCommands, "badCommands", 0...1_000_000)
    try Self.check(connectionsPerPerson, "connectionsPerPerson", 1...1_000)
    for (rate, name) in [
      (commandsPerPerson, "commandsPerPerson"), (commandsPerAddress, "commandsPerAddress"),
      (searches, "searches"),
    ] {
      try Self.check(rate.perSecond, name + ".perSecond", 0...1_000_000)
      try Self.check(rate.burst, name + ".burst", 1...10_000_000)
    }
    // A byte of text is six as an escape; the rest of a command takes less than 2 KiB.
    let needed = max(limits.textBytes, limits.topicBytes) * 6 + (2 << 10)
    guard server.limits.maximumMessageBytes >= needed else {
      throw HookupError(
        .invalidArgument,
        "maximumMessageBytes is \(server.limits.maximumMessageBytes), but a text of \(limits.textBytes) bytes "
          + "may take \(needed): raise the one or lower the other")
    }
  }

  private static func check(
    _ value: Int, _ name: String, _ allowed: ClosedRange<Int>
  ) throws(HookupError) {
    guard allowed.contains(value) else {
      throw HookupError(
        .invalidArgument,
        "\(name) is \(value): it must be \(allowed.lowerBound) to \(allowed.upperBound)")
    }
  }

  /// Milliseconds since 1970 by the system's clock.
  public static let systemClock: @Sendable () -> Int64 = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}

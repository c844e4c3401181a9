import Logging
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a listening socket does when accepting fails: it pauses when the process or the system is out of something, for
/// trying again at once would only burn a core until some connection closes, and says so in the log.
///
/// It switches the channel's automatic reading off and on. NIO's own `AcceptBackoffHandler` only withholds the next read,
/// but the read that failed stays pending and the socket registered, so the loop would spin all the same.
final class AcceptFailureHandler: ChannelInboundHandler {
  typealias InboundIn = any Channel

  /// How long accepting pauses when there is no descriptor or memory for one more connection.
  static let pause = TimeAmount.milliseconds(250)
  /// At most one line in this time, however many attempts fail.
  static let quiet = TimeAmount.seconds(10)

  private let logger: Logger
  private var quietUntil: NIODeadline?
  private var resumption: Scheduled<Void>?

  init(logger: Logger) {
    self.logger = logger
  }

  /// Nil when the next connection may be accepted at once: a client that hung up before it was accepted.
  static func pause(after error: IOError) -> TimeAmount? {
    switch error.errnoCode {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: pause
    default: nil
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError, let pause = Self.pause(after: error) else {
      return logger.debug("accepting a connection failed", metadata: ["error": "\(error)"])
    }
    stop(for: pause, context)
    let now = context.eventLoop.now
    if let quietUntil, now < quietUntil { return }
    quietUntil = now + Self.quiet
    logger.warning(
      "accepting pauses: the process has too many files open or the system is out of memory",
      metadata: ["error": "\(error)", "hint": "raise ulimit -n or lower maximumConnections"])
  }

  func channelInactive(context: ChannelHandlerContext) {
    resumption?.cancel()
    context.fireChannelInactive()
  }

  private func stop(for pause: TimeAmount, _ context: ChannelHandlerContext) {
    guard resumption == nil else { return }
    setAutoRead(false, context)
    resumption = context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
      self.resumption = nil
      self.setAutoRead(true, context)
    }
  }

  private func setAutoRead(_ reads: Bool, _ context: ChannelHandlerContext) {
    // Fails only on a channel that is closed, which accepts nothing anyway.
    try? context.channel.syncOptions?.setOption(.autoRead, value: reads)
  }
}

import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import HookupEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct AcceptFailureHandlerTests {
  /// Counts lines.
  private struct CountingLog: LogHandler {
    let lines: Mailbox<Logger.Level>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { lines.put(event.level) }
  }

  @Test(arguments: [
    (EMFILE, true), (ENFILE, true), (ENOBUFS, true), (ENOMEM, true), (ECONNABORTED, false),
    (EPERM, false),
  ])
  func `accepting pauses only when the process is out of something`(code: CInt, pauses: Bool) {
    let pause = AcceptFailureHandler.pause(after: IOError(errnoCode: code, reason: "accept"))
    #expect((pause != nil) == pauses)
  }

  @Test func `a pause stops the reading, is logged once, and ends`() throws {
    let lines = Mailbox<Logger.Level>()
    let channel = EmbeddedChannel()
    let loop = channel.embeddedEventLoop
    let reads = { () -> Bool in
      let set = channel.options.first { $0.option is ChannelOptions.Types.AutoReadOption }
      return set?.value as? Bool ?? true
    }
    try channel.pipeline.syncOperations.addHandler(
      AcceptFailureHandler(logger: Logger(label: "test") { _ in CountingLog(lines: lines) }))
    channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNABORTED, reason: "accept"))
    #expect(reads() == true)
    for _ in 0..<3 {
      channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
    }
    #expect(reads() == false)
    #expect(lines.count == 1)
    loop.advanceTime(by: AcceptFailureHandler.pause)
    #expect(reads() == true)
    channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
    #expect(reads() == false)
    #expect(lines.count == 1)
    loop.advanceTime(by: AcceptFailureHandler.quiet)
    channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
    #expect(lines.count == 2)
    // What is scheduled for a closed channel does no harm.
    _ = try channel.finish()
    loop.advanceTime(by: AcceptFailureHandler.pause)
  }
}

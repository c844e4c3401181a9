import NIOCore
import NIOPosix

/// The process's shared event loops, or some of the server's own.
struct EventLoops: Sendable {
  let group: any EventLoopGroup
  private let isOwned: Bool

  init(threads: Int?) {
    isOwned = threads != nil
    group =
      threads.map { MultiThreadedEventLoopGroup(numberOfThreads: $0) }
      ?? MultiThreadedEventLoopGroup.singleton
  }

  func shutDown() async {
    if isOwned { try? await group.shutdownGracefully() }
  }
}

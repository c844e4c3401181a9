import Foundation
import Testing

/// What a service manager listens on: a datagram socket, at a path or, beginning with `@`, in the abstract namespace.
private final class NotifySocket {
  private let descriptor: Int32

  init(_ name: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var path = Array(name.utf8)
    if path[0] == UInt8(ascii: "@") { path[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    guard descriptor >= 0, status == 0 else { throw HarnessError("no socket: errno \(errno)") }
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// The next message, by its variables.
  func next() throws -> [String: String] {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { throw HarnessError("no message: errno \(errno)") }
    let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
    let pairs = lines.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
    return Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") })
  }
}

extension EndToEnd {
  @Suite struct ServiceManagerTests {
    @Test(arguments: [false, true])
    func `a service manager hears when the server is ready, reloads and begins to stop`(
      _ isAbstract: Bool
    ) throws {
      let world = try World()
      let name = isAbstract ? "@hookup-\(UUID().uuidString)" : "\(world.home)/notify"
      let manager = try NotifySocket(name)
      let server = try Child(
        "/usr/bin/env",
        [
          "NOTIFY_SOCKET=\(name)", Child.path(of: "hookup-chat-server"), "--port",
          "\(world.port)", "--data", "\(world.home)/server",
        ], home: world.home)
      defer { server.kill9() }
      let ready = ["READY": "1", "STATUS": "listening on \(world.url)"]
      #expect(try manager.next() == ready)

      let peer = try BlockingPeer(port: world.port)
      try peer.upgrade()
      server.hangUp()
      let reloading = try manager.next()
      #expect(reloading["RELOADING"] == "1")
      var now = timespec()
      clock_gettime(CLOCK_MONOTONIC, &now)
      let time = try #require(reloading["MONOTONIC_USEC"].flatMap { Int($0) })
      // Of the same clock, and not long ago.
      #expect((0..<120).contains(now.tv_sec - time / 1_000_000))
      #expect(try manager.next() == ready)

      // The client is still there after the reload. It does not answer a close frame and is waited for: the manager hears of the
      // stop before that.
      server.terminate()
      #expect(try manager.next()["STOPPING"] == "1")
      var rest = peer.receive(waits: false)
      while let bytes = rest, !bytes.isEmpty { rest = peer.receive(waits: false) }
      #expect(rest != nil, "the connection is over")
      peer.shutDown()
      #expect(try server.waitForEnd().status == 0)
    }
  }
}

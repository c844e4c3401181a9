import Foundation

/// A TCP connection to a server under test, with calls that block, at most ``limit`` long each.
final class BlockingPeer: Sendable {
  static let limit = 20

  private let descriptor: Int32

  /// - Parameter receiveBytes: how much the kernel may hold for it; nil as the system has it.
  init(port: Int, receiveBytes: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw HarnessError("no socket: errno \(errno)") }
    var time = timeval(tv_sec: Self.limit, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(
        descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }
    if var receiveBytes {
      setsockopt(
        descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBytes, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    guard result == 0 else {
      let error = errno
      close(descriptor)
      throw HarnessError("not connected: errno \(error)")
    }
  }

  deinit { close(descriptor) }

  /// Ends all calls that block.
  func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Sends all of it; false when the server has closed, or takes nothing for ``limit`` seconds.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        let rest = UnsafeRawBufferPointer(rebasing: $0[sent...])
        return Foundation.send(
          descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// What there is, at most 64 KiB; nil at the end of the stream, after an error, or when nothing comes for ``limit`` seconds.
  /// With `waits` false it is empty when there is nothing now.
  func receive(waits: Bool = true) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let flags = waits ? 0 : Int32(MSG_DONTWAIT)
    let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, flags) }
    if count > 0 { return Array(bytes.prefix(count)) }
    return count < 0 && !waits && errno == EAGAIN ? [] : nil
  }

  /// Opens a WebSocket.
  func upgrade() throws {
    send(
      Array(
        ("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
          + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n").utf8))
    var answer = ""
    while !answer.hasSuffix("\r\n\r\n") {
      guard let bytes = receive() else { throw HarnessError("no WebSocket: \(answer)") }
      answer += String(decoding: bytes, as: UTF8.self)
    }
    guard answer.hasPrefix("HTTP/1.1 101 ") else { throw HarnessError("no WebSocket: \(answer)") }
  }

  /// Sends a small message and waits for it to come back: how long that took, seconds.
  func roundTrip() throws -> Double {
    let start = ContinuousClock.now
    guard send(Self.frame(0x82, [7])) else { throw HarnessError("the connection was closed") }
    var answer: [UInt8] = []
    while answer.count < 3 {
      guard let bytes = receive() else { throw HarnessError("no echo in \(Self.limit) s") }
      answer += bytes
    }
    guard answer == [0x82, 0x01, 7] else { throw HarnessError("another echo: \(answer)") }
    return (ContinuousClock.now - start) / .seconds(1)
  }

  /// A frame, masked with zeros.
  static func frame(_ first: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
    let header: [UInt8] =
      payload.count < 126
      ? [first, 0x80 | UInt8(payload.count)]
      : [first, 0xFE, UInt8(payload.count >> 8 & 0xFF), UInt8(payload.count & 0xFF)]
    return header + [0, 0, 0, 0] + payload
  }
}

/// What the system says of a process.
struct ProcessFigures {
  let pid: Int32

  /// Resident memory, KiB.
  func residentKiB() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
      let size = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { throw HarnessError("no VmRSS of \(pid)") }
    return size
  }

  /// CPU time so far, seconds.
  func cpuSeconds() throws -> Double {
    let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
      throw HarnessError("no CPU time of \(pid)")
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// How many descriptors are open.
  func descriptors() throws -> Int { try descriptorNumbers().count }

  /// The numbers of the open descriptors.
  func descriptorNumbers() throws -> [Int] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap { Int($0) }
  }

  /// Sets the number that every descriptor opened from now on is below. Those that are open stay, whatever their number.
  func limitDescriptors(to count: Int) throws {
    let tool = try Process.run(
      URL(fileURLWithPath: "/usr/bin/prlimit"),
      arguments: ["--pid", "\(pid)", "--nofile=\(count):\(count)"])
    tool.waitUntilExit()
    guard tool.terminationStatus == 0 else { throw HarnessError("prlimit failed") }
  }
}

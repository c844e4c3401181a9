import HookupEngine
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tells a service manager how this program stands: one datagram to the socket that `NOTIFY_SOCKET` names, as sd_notify(3) has it.
/// Without that variable nobody is told.
enum ServiceManager {
  enum State {
    /// With what `systemctl status` is to show.
    case ready(String)
    case reloading, stopping

    fileprivate var text: String {
      switch self {
      case .ready(let status): return "READY=1\nSTATUS=\(status)"
      case .reloading:
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return
          "RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)"
      case .stopping: return "STOPPING=1\nSTATUS=seeing its clients off"
      }
    }
  }

  static func tell(_ state: State) {
    guard let name = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }) else { return }
    send(state.text, to: name)
  }

  /// A name that begins with `@` is in the abstract namespace.
  private static func send(_ text: String, to name: String) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var path = Array(name.utf8)
    guard path.count > 1, path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    if path[0] == UInt8(ascii: "@") { path[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return }
    defer { close(socket) }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    let bytes = Array(text.utf8)
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        // A manager that does not listen is no reason to wait.
        sendto(
          socket, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), $0, size
        )
      }
    }
  }
}

/// Tells the service manager that the server is about to stop, when it is.
struct StopNotice: Service {
  func run() async throws {
    try? await gracefulShutdown()
    ServiceManager.tell(.stopping)
  }
}

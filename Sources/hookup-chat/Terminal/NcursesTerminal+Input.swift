import CNcursesw
import Glibc
import HookupTUI

extension NcursesTerminal {
  /// What one look at the keyboard brought.
  struct Input {
    var inputs: [KeyDecoder.Input] = []
    /// There may be more: look again before sleeping.
    var hasMore = false
    /// The terminal is gone.
    var isHungUp = false
  }

  /// Inputs that are taken in one look, so that a huge paste does not keep signals and paints waiting.
  private static let maximumInputs = 4_096

  /// Reads what has been typed, without waiting for more than the rest of an escape sequence.
  func readInput() -> Input {
    var result = Input()
    while result.inputs.count < Self.maximumInputs {
      let code = wgetch(pad)
      switch code {
      case ERR:
        result.isHungUp = result.inputs.isEmpty && isHungUp
        return result
      case 0...255: result.inputs.append(.byte(UInt8(code)))
      case KEY_RESIZE, KEY_MOUSE: break
      default:
        // Numbers beyond KEY_MAX are given out at run time; only the names are fixed.
        if let name = keyname(code) { result.inputs.append(.named(String(cString: name))) }
      }
    }
    result.hasMore = true
    return result
  }

  /// Readable, but without a byte to read: the other end has closed.
  private var isHungUp: Bool {
    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard poll(&descriptor, 1, 0) == 1 else { return false }
    var count: Int32 = 0
    return ioctl(STDIN_FILENO, UInt(FIONREAD), &count) != 0 || count == 0
  }
}
